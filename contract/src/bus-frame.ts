import type { Fix } from "./fix.ts";

/**
 * The fix bus, broker → dispatch API: one binary frame a batch, little-endian. Over a stream each frame is preceded by its
 * length as u32; over a message bus a frame is a message.
 *
 * ```
 * header, 32 bytes                                each row of `fixes`, 56 bytes
 * 0  u32  0x53425557 'WUBS'                       0  i32 deviceNo      4  u32 seq
 * 4  u8   version, 1                              8  f64 fixedAtMs     16 f64 receivedAtMs
 * 5  u8   kind: 1 fixes, 2 heartbeat, 3 presence  24 i32 lngE7         28 i32 latE7
 * 6  u16  broker                                  32 u16 accuracyDm    34 u16 speedCms
 * 8  f64  epoch                                   36 u16 headingCdeg   38 i16 altitudeM
 * 16 f64  n of the first row                      40 i32 clockOffsetMs 44 u8 battery  45 u8 0  46 u16 flags
 * 24 u32  count                                   48 u64 0
 * 28 u32  0                                       each row of `presence`, 16 bytes: i32 deviceNo, u8 online, u8[3] 0, f64 atMs
 * ```
 * A heartbeat has no rows and carries as n the last n committed (0: none yet in this epoch). Row i of `fixes` has number n + i.
 * Unknown u16 is 65535, i16 32767, i32 −2^31, battery 255.
 */
export type BusFrame =
  | {
      readonly kind: "fixes";
      readonly broker: number;
      readonly epoch: number;
      readonly firstN: number;
      readonly fixes: readonly Fix[];
    }
  | { readonly kind: "heartbeat"; readonly broker: number; readonly epoch: number; readonly lastN: number }
  | {
      readonly kind: "presence";
      readonly broker: number;
      readonly epoch: number;
      readonly changes: readonly PresenceChange[];
    };

/** A device's connection came or went, as its broker saw it. A hint: a last will fires on a takeover too. */
export interface PresenceChange {
  readonly deviceNo: number;
  readonly online: boolean;
  /** Broker clock, ms. */
  readonly atMs: number;
}

/** Longest frame a reader accepts, bytes. */
export const BUS_FRAME_LIMIT_BYTES = 16 * 1024 * 1024;
/** How often a broker repeats its last n, ms. */
export const BUS_HEARTBEAT_MS = 1000;
/** Silence after which a reader reads from the database, ms. */
export const BUS_SILENCE_MS = 3000;

const MAGIC = 0x53425557;
const VERSION = 1;
const HEADER_BYTES = 32;
const FIX_ROW_BYTES = 56;
const PRESENCE_ROW_BYTES = 16;
const KINDS = { fixes: 1, heartbeat: 2, presence: 3 } as const;
const UNKNOWN_U16 = 0xffff;
const UNKNOWN_I16 = 0x7fff;
const UNKNOWN_I32 = -0x80000000;
const UNKNOWN_BATTERY = 255;

export function encodeBusFrame(frame: BusFrame): Uint8Array {
  switch (frame.kind) {
    case "heartbeat":
      return start(frame, frame.lastN, 0, 0).bytes;
    case "presence": {
      const { bytes, view } = start(frame, 0, frame.changes.length, PRESENCE_ROW_BYTES);
      frame.changes.forEach((change, i) => {
        const at = HEADER_BYTES + i * PRESENCE_ROW_BYTES;
        view.setInt32(at, change.deviceNo, true);
        view.setUint8(at + 4, change.online ? 1 : 0);
        view.setFloat64(at + 8, change.atMs, true);
      });
      return bytes;
    }
    case "fixes": {
      const { bytes, view } = start(frame, frame.firstN, frame.fixes.length, FIX_ROW_BYTES);
      frame.fixes.forEach((fix, i) => {
        writeFix(view, HEADER_BYTES + i * FIX_ROW_BYTES, fix);
      });
      return bytes;
    }
  }
}

/** Reads a frame; throws RangeError where it is none (the bus is ours: a broken frame is a fault). */
export function decodeBusFrame(bytes: Uint8Array): BusFrame {
  if (bytes.length < HEADER_BYTES)
    throw new RangeError(`bus frame of ${bytes.length} bytes is shorter than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("bus frame does not begin with WUBS");
  if (view.getUint8(4) !== VERSION) throw new RangeError(`bus frame version ${view.getUint8(4)} is not ${VERSION}`);
  const kind = view.getUint8(5);
  const broker = view.getUint16(6, true);
  const epoch = view.getFloat64(8, true);
  const n = view.getFloat64(16, true);
  const count = view.getUint32(24, true);
  const expect = (rowBytes: number) => {
    if (bytes.length !== HEADER_BYTES + count * rowBytes) {
      throw new RangeError(`bus frame of ${bytes.length} bytes does not fit ${count} rows of ${rowBytes}`);
    }
  };
  switch (kind) {
    case KINDS.heartbeat:
      expect(0);
      return { kind: "heartbeat", broker, epoch, lastN: n };
    case KINDS.presence: {
      expect(PRESENCE_ROW_BYTES);
      const changes: PresenceChange[] = [];
      for (let i = 0; i < count; i++) {
        const at = HEADER_BYTES + i * PRESENCE_ROW_BYTES;
        changes.push({
          deviceNo: view.getInt32(at, true),
          online: view.getUint8(at + 4) === 1,
          atMs: view.getFloat64(at + 8, true),
        });
      }
      return { kind: "presence", broker, epoch, changes };
    }
    case KINDS.fixes: {
      expect(FIX_ROW_BYTES);
      const fixes: Fix[] = [];
      for (let i = 0; i < count; i++) fixes.push(readFix(view, HEADER_BYTES + i * FIX_ROW_BYTES));
      return { kind: "fixes", broker, epoch, firstN: n, fixes };
    }
    default:
      throw new RangeError(`bus frame kind ${kind} is unknown`);
  }
}

function start(frame: BusFrame, n: number, count: number, rowBytes: number) {
  const bytes = new Uint8Array(HEADER_BYTES + count * rowBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, KINDS[frame.kind]);
  view.setUint16(6, frame.broker, true);
  view.setFloat64(8, frame.epoch, true);
  view.setFloat64(16, n, true);
  view.setUint32(24, count, true);
  return { bytes, view };
}

function writeFix(view: DataView, at: number, fix: Fix): void {
  view.setInt32(at, fix.deviceNo, true);
  view.setUint32(at + 4, fix.seq, true);
  view.setFloat64(at + 8, fix.fixedAtMs, true);
  view.setFloat64(at + 16, fix.receivedAtMs, true);
  view.setInt32(at + 24, fix.lngE7, true);
  view.setInt32(at + 28, fix.latE7, true);
  view.setUint16(at + 32, fix.accuracyDm ?? UNKNOWN_U16, true);
  view.setUint16(at + 34, fix.speedCms ?? UNKNOWN_U16, true);
  view.setUint16(at + 36, fix.headingCdeg ?? UNKNOWN_U16, true);
  view.setInt16(at + 38, fix.altitudeM ?? UNKNOWN_I16, true);
  view.setInt32(at + 40, fix.clockOffsetMs ?? UNKNOWN_I32, true);
  view.setUint8(at + 44, fix.batteryPercent ?? UNKNOWN_BATTERY);
  view.setUint16(at + 46, fix.flags, true);
}

function readFix(view: DataView, at: number): Fix {
  return {
    deviceNo: view.getInt32(at, true),
    seq: view.getUint32(at + 4, true),
    fixedAtMs: view.getFloat64(at + 8, true),
    receivedAtMs: view.getFloat64(at + 16, true),
    lngE7: view.getInt32(at + 24, true),
    latE7: view.getInt32(at + 28, true),
    accuracyDm: known(view.getUint16(at + 32, true), UNKNOWN_U16),
    speedCms: known(view.getUint16(at + 34, true), UNKNOWN_U16),
    headingCdeg: known(view.getUint16(at + 36, true), UNKNOWN_U16),
    altitudeM: known(view.getInt16(at + 38, true), UNKNOWN_I16),
    clockOffsetMs: known(view.getInt32(at + 40, true), UNKNOWN_I32),
    batteryPercent: known(view.getUint8(at + 44), UNKNOWN_BATTERY),
    flags: view.getUint16(at + 46, true),
  };
}

function known(value: number, unknown: number): number | undefined {
  return value === unknown ? undefined : value;
}
