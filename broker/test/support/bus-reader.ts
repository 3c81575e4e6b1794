import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { type BusFrame, decodeBusFrame } from "@wufen/contract";

/** Reads the fix bus as a dispatch API does, without an API. */
export class BusReader {
  readonly frames: BusFrame[] = [];
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  readonly #changes = new EventEmitter();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUInt32LE(0)) {
        const end = 4 + this.#bytes.readUInt32LE(0);
        this.frames.push(decodeBusFrame(this.#bytes.subarray(4, end)));
        this.#bytes = this.#bytes.subarray(end);
      }
      this.#changes.emit("change");
    });
  }

  static async open(path: string): Promise<BusReader> {
    const socket = connect(path);
    await once(socket, "connect");
    return new BusReader(socket);
  }

  async wait<T>(find: (frames: readonly BusFrame[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = find(this.frames);
      if (found !== undefined) return found;
      await once(this.#changes, "change");
    }
  }

  /** Row numbers of all fixes so far, as `epoch:n`. */
  rows(): string[] {
    return this.frames.flatMap((frame) =>
      frame.kind === "fixes" ? frame.fixes.map((_, i) => `${frame.epoch}:${frame.firstN + i}`) : [],
    );
  }

  close(): void {
    this.socket.destroy();
  }
}
