import { BUS_HEARTBEAT_MS, type BusFrame, busChannel, encodeBusFrame } from "@wufen/contract";
import type { RedisLink } from "@wufen/database";
import type { Bus, BusRepeats } from "./bus.ts";

/** Readers are not known one by one: how everyone stands is said again for those that came or missed something. */
export const PRESENCE_REPEAT_MS = 10_000;

export interface RedisBusOptions extends BusRepeats {
  readonly link: Pick<RedisLink, "publish" | "receivers">;
  readonly prefix: string;
  readonly broker: number;
}

/** The fix bus over Redis: a frame is a message on the broker's own channel. The link is another's to stop. */
export class RedisBus implements Bus {
  readonly #options: RedisBusOptions;
  readonly #channel: string;
  #heart: NodeJS.Timeout | undefined;
  #presence: NodeJS.Timeout | undefined;

  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#channel = busChannel(options.prefix, options.broker);
  }

  get readers(): number {
    return this.#options.link.receivers;
  }

  async listen(): Promise<void> {
    this.#heart = setInterval(() => this.send(this.#options.heartbeat()), BUS_HEARTBEAT_MS);
    this.#presence = setInterval(() => this.send(this.#options.presence()), PRESENCE_REPEAT_MS);
    for (const frame of [this.#options.heartbeat(), this.#options.presence()]) this.send(frame);
  }

  send(frame: BusFrame): void {
    const bytes = encodeBusFrame(frame);
    this.#options.link.publish(this.#channel, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  async close(): Promise<void> {
    clearInterval(this.#heart);
    clearInterval(this.#presence);
  }
}
