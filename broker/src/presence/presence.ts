import type { PresenceChange } from "@wufen/contract";
import type { Sql } from "@wufen/database";
import type { Logger } from "pino";
import type { JSONValue } from "postgres";

const FLUSH_MS = 250;

export interface PresenceTools {
  readonly sql: Sql;
  readonly broker: number;
  readonly log: Logger;
  /** The epoch rows are stamped with; undefined before the first. */
  epoch(): number | undefined;
  /** Says the changes on the bus. */
  publish(changes: readonly PresenceChange[]): void;
}

/** Which devices have a connection to this broker: said on the bus at once in small batches, and written down for APIs that start. */
export class Presence {
  readonly #tools: PresenceTools;
  /** The last change of every device this process has seen, or found left online by an earlier one. */
  readonly #last = new Map<number, PresenceChange>();
  #toSay = new Map<number, PresenceChange>();
  #toWrite = new Map<number, PresenceChange>();
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  constructor(tools: PresenceTools) {
    this.#tools = tools;
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  set(deviceNo: number, online: boolean, atMs: number): void {
    if ((this.#last.get(deviceNo)?.online ?? false) === online) return;
    const change = { deviceNo, online, atMs };
    this.#last.set(deviceNo, change);
    this.#toSay.set(deviceNo, change);
    this.#toWrite.set(deviceNo, change);
  }

  /** The device is another broker's: what becomes of its connection here is no news. */
  forget(deviceNo: number): void {
    for (const changes of [this.#last, this.#toSay, this.#toWrite]) changes.delete(deviceNo);
  }

  /** How everyone stands, for a reader that may have missed changes. */
  list(): PresenceChange[] {
    return [...this.#last.values()];
  }

  /** At the start of the process: whoever an earlier one left online is not. */
  async clearEarlier(epoch: number, nowMs: number): Promise<void> {
    const rows = await this.#tools.sql<{ no: number }[]>`
      UPDATE device_presence SET online = false, at = ${new Date(nowMs)}, epoch = ${epoch}
      WHERE broker = ${this.#tools.broker} AND epoch < ${epoch} AND online RETURNING device_no AS no`;
    for (const { no } of rows) this.#last.set(no, { deviceNo: no, online: false, atMs: nowMs });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    if (this.#toSay.size > 0) {
      this.#tools.publish([...this.#toSay.values()]);
      this.#toSay = new Map();
    }
    if (!this.#busy) this.#writing = this.#write();
  }
  #busy = false;
  #failing = false;

  async #write(): Promise<void> {
    const epoch = this.#tools.epoch();
    if (this.#toWrite.size === 0 || epoch === undefined) return;
    const changes = [...this.#toWrite.values()];
    this.#toWrite = new Map();
    this.#busy = true;
    try {
      // Only the broker that has a device online may say that it left; clocks of two brokers are not compared.
      await this.#tools.sql`
        INSERT INTO device_presence AS p (device_no, online, at, broker, epoch)
        SELECT d.no, c.online, to_timestamp(c."atMs" / 1000), ${this.#tools.broker}::smallint, ${epoch}::bigint
        FROM jsonb_to_recordset(${this.#tools.sql.json(changes as unknown as JSONValue)}) AS c ("deviceNo" integer, online boolean, "atMs" double precision)
        JOIN device d ON d.no = c."deviceNo"
        ON CONFLICT (device_no) DO UPDATE
          SET online = excluded.online, at = excluded.at, broker = excluded.broker, epoch = excluded.epoch
          WHERE CASE WHEN p.broker = excluded.broker THEN excluded.at >= p.at ELSE excluded.online END`;
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#tools.log.warn({ err: error }, "presence is kept until the database is back");
      this.#failing = true;
      for (const change of changes) if (!this.#toWrite.has(change.deviceNo)) this.#toWrite.set(change.deviceNo, change);
    } finally {
      this.#busy = false;
    }
  }
}
