import { BUS_FRAME_LIMIT_BYTES, busPattern, decodeBusFrame } from "@wufen/contract";
import type { RedisLink, RedisListener } from "@wufen/database";
import type { Logger } from "pino";
import type { BusHooks, BusSource } from "./bus-source.ts";

/** Follows all brokers of a cluster on the process's connection to Redis. */
export class RedisBusReader implements BusSource {
  readonly brokers = 1;
  receivedBytes = 0;
  /** Messages that were no frames. */
  broken = 0;
  readonly #prefix: string;
  readonly #hooks: BusHooks;
  readonly #log: Logger;
  #link: RedisLink | undefined;
  #started = false;

  constructor(prefix: string, hooks: BusHooks, log: Logger) {
    this.#prefix = prefix;
    this.#hooks = hooks;
    this.#log = log;
  }

  get listener(): RedisListener {
    return {
      channel: busPattern(this.#prefix),
      isPattern: true,
      onMessage: (bytes) => this.#receive(bytes),
      onListening: () => {
        if (this.#started) this.#hooks.onConnect();
      },
    };
  }

  /** The connection that {@link listener} was given to. */
  follow(link: RedisLink): void {
    this.#link = link;
  }

  get connected(): boolean {
    return this.#link?.isUp === true;
  }

  start(): void {
    this.#started = true;
    this.#hooks.onConnect();
  }

  stop(): void {
    this.#started = false;
  }

  #receive(bytes: Buffer): void {
    if (!this.#started) return;
    this.receivedBytes += bytes.length;
    try {
      if (bytes.length > BUS_FRAME_LIMIT_BYTES) throw new RangeError(`bus frame of ${bytes.length} bytes is too long`);
      this.#hooks.onFrame(decodeBusFrame(bytes));
    } catch (error) {
      this.broken++;
      this.#log.error({ err: error }, "not a frame of ours on the fix bus; is the prefix another cluster's?");
    }
  }
}
