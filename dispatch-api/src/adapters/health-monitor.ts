import { BUS_SILENCE_MS, type FeedHealth } from "@wufen/contract";
import type { Logger } from "pino";
import type { BusFollower } from "../live/bus-follower.ts";
import type { FeedHub } from "../live/feed-hub.ts";
import type { BusSource } from "./bus-source.ts";
import { ask, type Sql } from "./database.ts";

const PROBE_WAIT_MS = 2000;
const MINUTE_MS = 60_000;

/** Whether the database and the brokers answer; tells the desks when that changes [P9]. */
export class HealthMonitor {
  databaseUp = true;
  readonly #sql: Sql;
  readonly #follower: BusFollower;
  readonly #hub: FeedHub;
  readonly #readers: readonly BusSource[];
  readonly #log: Logger;
  readonly #startedAtMs = Date.now();
  #databaseLostAtMs: number | undefined;

  constructor(sql: Sql, follower: BusFollower, hub: FeedHub, readers: readonly BusSource[], log: Logger) {
    this.#sql = sql;
    this.#follower = follower;
    this.#hub = hub;
    this.#readers = readers;
    this.#log = log;
  }

  /** Every bus is connected, and a broker was heard on each. */
  areBrokersHeard(): boolean {
    const now = Date.now();
    const heard = [...this.#follower.heardAtMs.values()].filter((atMs) => now - atMs <= BUS_SILENCE_MS);
    const expected = this.#readers.reduce((sum, { brokers }) => sum + brokers, 0);
    return heard.length >= expected && this.#readers.every(({ connected }) => connected);
  }

  async probe(): Promise<void> {
    const askedAtMs = Date.now();
    try {
      await ask(this.#sql`SELECT 1`, PROBE_WAIT_MS);
      if (!this.databaseUp) this.#log.info("the database answers again");
      this.databaseUp = true;
      this.#databaseLostAtMs = undefined;
    } catch (error) {
      if (this.databaseUp) this.#log.error({ err: error }, "the database does not answer");
      this.databaseUp = false;
      this.#databaseLostAtMs ??= askedAtMs;
    }
    this.#tell(Date.now());
  }

  #tell(now: number): void {
    const brokers = [...this.#follower.heardAtMs].map(([broker, lastHeardMs]) => ({
      broker,
      connected: now - lastHeardMs <= BUS_SILENCE_MS,
      lastHeardMs,
    }));
    const lastHeardMs = Math.max(this.#startedAtMs, ...brokers.map((one) => one.lastHeardMs));
    const allSilent = brokers.every(({ connected }) => !connected) && now - lastHeardMs > BUS_SILENCE_MS;
    this.#hub.setHealth({
      type: "health",
      database: this.databaseUp,
      brokers: brokers.map(roundHeard),
      positionsFrozenSinceMs: this.#databaseLostAtMs ?? (allSilent ? lastHeardMs : null),
    });
  }
}

/** While a broker is heard, when exactly is no news for the desks. */
function roundHeard(broker: FeedHealth["brokers"][number]): FeedHealth["brokers"][number] {
  if (!broker.connected) return broker;
  return { ...broker, lastHeardMs: Math.floor(broker.lastHeardMs / MINUTE_MS) * MINUTE_MS };
}
