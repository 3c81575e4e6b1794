import type { Fix, RowNumber } from "@wufen/contract";

/** Columns in the order of {@link encodeCopy}; the same as the table's. */
export const FIX_COLUMNS =
  "device_no, fixed_at, seq, received_at, lng_e7, lat_e7, accuracy_dm, speed_cms, heading_cdeg, altitude_m, clock_offset_ms, battery_percent, flags, broker, epoch, n";
const COLUMN_COUNT = 16;

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const TRAILER_BYTES = 2;
/** Field count, 16 lengths, and 72 bytes of data where nothing is null. */
const MOST_ROW_BYTES = 2 + COLUMN_COUNT * 4 + 72;
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_32 = 2 ** 32;

/**
 * Writes whole `COPY … FROM STDIN (FORMAT binary)` requests, command, data and end in one buffer, so that a batch is one
 * write to the socket and one answer. The server ignores data that follows a refused command (protocol: “COPY Operations”).
 * The buffer is used again by the next call: wait for the answer first.
 *
 * Source: PostgreSQL documentation, “COPY”, binary format, and “Message Formats”.
 */
export class CopyEncoder {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #at = 0;
  readonly #command: Buffer;

  constructor(table: string) {
    this.#command = queryMessage(`COPY ${table} (${FIX_COLUMNS}) FROM STDIN (FORMAT binary)`);
  }

  /** Row i gets number `first.n + i`. */
  encode(fixes: readonly Fix[], first: RowNumber): Buffer {
    const most = this.#command.length + 5 + SIGNATURE.length + fixes.length * MOST_ROW_BYTES + TRAILER_BYTES + 5;
    if (this.#buffer.length < most) this.#buffer = Buffer.allocUnsafe(most * 2);
    const buffer = this.#buffer;
    this.#at = this.#command.copy(buffer, 0);
    const data = this.#at;
    this.#at += 5;
    this.#at += SIGNATURE.copy(buffer, this.#at);
    for (let i = 0; i < fixes.length; i++) this.#row(fixes[i]!, first, first.n + i);
    this.#at = buffer.writeInt16BE(-1, this.#at);
    buffer[data] = 0x64;
    buffer.writeInt32BE(this.#at - data - 1, data + 1);
    buffer[this.#at] = 0x63;
    this.#at = buffer.writeInt32BE(4, this.#at + 1);
    return buffer.subarray(0, this.#at);
  }

  #row(fix: Fix, first: RowNumber, n: number): void {
    this.#at = this.#buffer.writeInt16BE(COLUMN_COUNT, this.#at);
    this.#int4(fix.deviceNo);
    this.#time(fix.fixedAtMs);
    this.#int4(fix.seq);
    this.#time(fix.receivedAtMs);
    this.#int4(fix.lngE7);
    this.#int4(fix.latE7);
    this.#int4(fix.accuracyDm);
    this.#int4(fix.speedCms);
    this.#int4(fix.headingCdeg);
    this.#int2(fix.altitudeM);
    this.#int4(fix.clockOffsetMs);
    this.#int2(fix.batteryPercent);
    this.#int2(fix.flags);
    this.#int2(first.broker);
    this.#int8(first.epoch);
    this.#int8(n);
  }

  #int2(value: number | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    this.#at = this.#buffer.writeInt32BE(2, this.#at);
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
  }

  #int4(value: number | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    this.#at = this.#buffer.writeInt32BE(4, this.#at);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  /** Exact up to 2^53, and without BigInt, which would be an allocation a field. */
  #int8(value: number): void {
    this.#at = this.#buffer.writeInt32BE(8, this.#at);
    const high = Math.floor(value / TWO_32);
    this.#at = this.#buffer.writeInt32BE(high, this.#at);
    this.#at = this.#buffer.writeUInt32BE(value - high * TWO_32, this.#at);
  }

  #time(ms: number): void {
    this.#int8((ms - POSTGRES_EPOCH_MS) * 1000);
  }

  #null(): void {
    this.#at = this.#buffer.writeInt32BE(-1, this.#at);
  }
}

function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`, "utf8");
  const head = Buffer.allocUnsafe(5);
  head[0] = 0x51;
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}
