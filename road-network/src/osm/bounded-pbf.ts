import { PbfReader } from "pbf";

/** A protobuf reader that refuses lengths beyond its buffer: the stock one would read a forged list until memory is full. */
export class BoundedPbf extends PbfReader {
  /** Reads a length and returns the position where that message ends. */
  readMessageEnd(): number {
    const end = this.readVarint() + this.pos;
    if (end > this.length) throw new RangeError(`a field of ${end - this.pos} bytes in a block of ${this.length}`);
    return end;
  }

  override readPackedEnd(): number {
    return this.type === 2 ? this.readMessageEnd() : this.pos + 1;
  }

  override readBytes(): Uint8Array {
    const end = this.readMessageEnd();
    const bytes = this.buf.subarray(this.pos, end);
    this.pos = end;
    return bytes;
  }

  override readString(): string {
    return new TextDecoder().decode(this.readBytes());
  }
}
