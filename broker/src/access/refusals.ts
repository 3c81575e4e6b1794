import type { RefusalReason } from "@wufen/contract";
import type { Sql } from "@wufen/database";
import type { Logger } from "pino";
import type { JSONValue } from "postgres";
import type { Limits } from "../config.ts";

interface Counted {
  deviceNo: number;
  reason: RefusalReason;
  count: number;
  lastAtMs: number;
}

/** Counts refusals by reason and device [P6] and writes them down every few seconds; keeps counting while the database is away. */
export class Refusals {
  #counted = new Map<string, Counted>();
  readonly #totals = new Map<RefusalReason, number>();
  readonly #sql: Sql;
  readonly #limit: number;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> = Promise.resolve();

  constructor(sql: Sql, limits: Pick<Limits, "refusalKeys" | "refusalFlushMs">, log: Logger) {
    this.#sql = sql;
    this.#limit = limits.refusalKeys;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), limits.refusalFlushMs);
  }

  /** `deviceNo` 0 stands for senders that are no known device. */
  add(deviceNo: number, reason: RefusalReason, nowMs: number, count = 1): void {
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + count);
    this.#merge({ deviceNo, reason, count, lastAtMs: nowMs });
  }

  /** Since the start, by reason. */
  totals(): Record<string, number> {
    return Object.fromEntries(this.#totals);
  }

  /** Writes what was counted; what cannot be written is kept for the next time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #merge(entry: Counted): void {
    let key = `${entry.deviceNo} ${entry.reason}`;
    let known = this.#counted.get(key);
    if (known === undefined && this.#counted.size >= this.#limit) {
      key = `0 ${entry.reason}`;
      known = this.#counted.get(key);
    }
    if (known === undefined) this.#counted.set(key, key.startsWith("0 ") ? { ...entry, deviceNo: 0 } : entry);
    else {
      known.count += entry.count;
      known.lastAtMs = Math.max(known.lastAtMs, entry.lastAtMs);
    }
  }

  async #write(): Promise<void> {
    if (this.#counted.size === 0) return;
    const entries = [...this.#counted.values()];
    this.#counted = new Map();
    try {
      await this.#sql`
        INSERT INTO refusal AS r (device_no, reason, count, last_at)
        SELECT e."deviceNo", e.reason, e.count, to_timestamp(e."lastAtMs" / 1000)
        FROM jsonb_to_recordset(${this.#sql.json(entries as unknown as JSONValue)})
          AS e ("deviceNo" integer, reason text, count bigint, "lastAtMs" double precision)
        ON CONFLICT (device_no, reason) DO UPDATE
          SET count = r.count + excluded.count, last_at = greatest(r.last_at, excluded.last_at)`;
    } catch (error) {
      this.#log.warn({ err: error }, "refusals are kept until the database is back");
      for (const entry of entries) this.#merge(entry);
    }
  }
}
