import { writeFileSync } from "node:fs";

/** Bytes a record: u32 index of the device in the credentials file, u32 seq, f64 fixedAtMs; little-endian. */
export const ACKNOWLEDGED_RECORD_BYTES = 16;

/** Every fix a broker has acknowledged, for the later question whether each is in the database. */
export class AcknowledgedLog {
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  get count(): number {
    return this.#length / ACKNOWLEDGED_RECORD_BYTES;
  }

  add(deviceIndex: number, seq: number, fixedAtMs: number): void {
    if (this.#length + ACKNOWLEDGED_RECORD_BYTES > this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes.writeUInt32LE(deviceIndex, this.#length);
    this.#bytes.writeUInt32LE(seq, this.#length + 4);
    this.#bytes.writeDoubleLE(fixedAtMs, this.#length + 8);
    this.#length += ACKNOWLEDGED_RECORD_BYTES;
  }

  write(path: string): void {
    writeFileSync(path, this.#bytes.subarray(0, this.#length));
  }
}
