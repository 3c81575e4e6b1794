import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { ask, type Sql } from "./database.ts";

/** How often a holder renews. */
export const LEASE_RENEW_MS = 1000;
/** A lease that was not renewed for so long is free. */
export const LEASE_LOST_MS = 4000;
/** A transaction under a lease whose process stands still is ended by the database, so that its locks hold up nobody. */
const IDLE_IN_TRANSACTION_MS = 4000;

/** Another process holds the lease now: nothing of the transaction stands. */
export class LeaseLost extends Error {
  constructor(name: string, epoch: number) {
    super(`lease ${name} of epoch ${epoch} is lost; another process has taken over`);
  }
}

/**
 * What must run once: held in a row with an epoch that grows with each holder. Whether it is held is asked in the transaction that
 * writes, so a process that was stopped and wakes late writes nothing. An advisory lock would stay with a stopped process.
 */
export class Lease {
  readonly name: string;
  readonly #sql: Sql;
  readonly #log: Logger;
  readonly #holder = randomUUID();
  #epoch: number | undefined;

  constructor(sql: Sql, name: string, log: Logger) {
    this.#sql = sql;
    this.name = name;
    this.#log = log;
  }

  /** Undefined: another process holds it, or the database did not say yet. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** Takes the lease where it is free, renews it where it is ours. */
  async renew(): Promise<void> {
    const [row] = await ask(this.#sql<{ epoch: number }[]>`
      INSERT INTO lease AS held (name, holder, epoch, until)
      VALUES (${this.name}, ${this.#holder}, 1, clock_timestamp() + ${LEASE_LOST_MS} * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
        epoch = held.epoch + CASE WHEN held.holder = excluded.holder THEN 0 ELSE 1 END
      WHERE held.holder = excluded.holder OR held.until < clock_timestamp()
      RETURNING epoch::float8 AS epoch`);
    const before = this.#epoch;
    this.#epoch = row?.epoch;
    if (before === this.#epoch) return;
    const change = this.#epoch === undefined ? "lease lost" : "lease taken";
    this.#log.info({ lease: this.name, epoch: this.#epoch ?? before }, change);
  }

  /**
   * Runs a transaction that stands only if the lease is ours at its end.
   *
   * @throws LeaseLost where it is not
   */
  async write(work: (sql: Sql) => Promise<void>): Promise<void> {
    const epoch = this.#epoch;
    if (epoch === undefined) throw new LeaseLost(this.name, 0);
    let isCut = false;
    const transaction = this.#sql.begin(async (own) => {
      const sql = holdWhen(() => isCut, own as unknown as Sql);
      await sql`SELECT set_config('idle_in_transaction_session_timeout', ${String(IDLE_IN_TRANSACTION_MS)}, true)`;
      await work(sql);
      // Locked last and for the commit only: neither a renewal nor a successor waits for the work.
      const held = await sql`
        SELECT 1 FROM lease WHERE name = ${this.name} AND holder = ${this.#holder} AND epoch = ${epoch} FOR SHARE`;
      if (held.length > 0) return;
      if (this.#epoch === epoch) this.#epoch = undefined;
      throw new LeaseLost(this.name, epoch);
    });
    await transaction.catch((error: unknown) => {
      isCut = true;
      throw error;
    });
  }

  /** Gives it up, so that a successor need not wait. */
  async release(): Promise<void> {
    if (this.#epoch === undefined) return;
    this.#epoch = undefined;
    await ask(this.#sql`
      UPDATE lease SET until = clock_timestamp() - interval '1 millisecond'
      WHERE name = ${this.name} AND holder = ${this.#holder}`);
  }
}

/**
 * A transaction that the database ended goes on in its function; its caller has the failure already. Whatever postgres.js sends
 * then, a rollback too, is an uncaught TypeError, so the function stays where it is: its next statement is never answered.
 */
function holdWhen(isCut: () => boolean, sql: Sql): Sql {
  return new Proxy(sql, {
    apply: (target, self, args) => (isCut() ? new Promise(() => {}) : Reflect.apply(target, self, args)),
  });
}
