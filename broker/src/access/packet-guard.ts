/** MQTT packet types the guard cares about. */
export const PACKET = { connect: 1, publish: 3 } as const;

const MOST_LENGTH_BYTES = 4;

/**
 * Follows the lengths of MQTT packets in a byte stream, however it is cut into chunks, so that no packet above the limit is
 * ever buffered and a reader can be held between two packets. Knows nothing of sockets.
 *
 * Source: MQTT 3.1.1 §2.2.3 (remaining length).
 */
export class PacketGuard {
  /** Why the stream must be cut; set by {@link take}. */
  problem: "oversized" | "malformed" | undefined;
  readonly #limitBytes: number;
  #stage: "header" | "length" | "body" = "header";
  #remaining = 0;
  #lengthBytes = 0;
  #first = true;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get atBoundary(): boolean {
    return this.#stage === "header";
  }

  /**
   * How many bytes of `chunk` may pass: all, or those before the first packet that `mayBegin` holds back.
   * The rest must be offered again. After a {@link problem} nothing may pass.
   */
  take(chunk: Uint8Array, mayBegin: (type: number) => boolean): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#stage === "header") {
        const type = chunk[at]! >> 4;
        if (this.#first && type !== PACKET.connect) return this.#cut("malformed");
        if (!mayBegin(type)) return at;
        this.#first = false;
        at++;
        this.#stage = "length";
        this.#remaining = 0;
        this.#lengthBytes = 0;
      } else if (this.#stage === "length") {
        const byte = chunk[at++]!;
        this.#remaining += (byte & 0x7f) * 128 ** this.#lengthBytes;
        this.#lengthBytes++;
        if (1 + this.#lengthBytes + this.#remaining > this.#limitBytes) return this.#cut("oversized");
        if (byte < 0x80) this.#stage = this.#remaining === 0 ? "header" : "body";
        else if (this.#lengthBytes === MOST_LENGTH_BYTES) return this.#cut("malformed");
      } else {
        const step = Math.min(this.#remaining, chunk.length - at);
        at += step;
        this.#remaining -= step;
        if (this.#remaining === 0) this.#stage = "header";
      }
    }
    return at;
  }

  #cut(problem: "oversized" | "malformed"): number {
    this.problem = problem;
    return 0;
  }
}
