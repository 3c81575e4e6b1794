import type { Fix } from "@wufen/contract";
import { ask, type Sql } from "./database.ts";
import { FIX_COLUMNS, type FixRow, toFix } from "./fix-rows.ts";

/** Rows of one read of the history by number. */
export const CATCH_UP_ROWS = 5000;
const HISTORY_WAIT_MS = 30_000;

/** The fix history, read by number (catching up) or by device and time (a track); never whole. */
export class FixHistory {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Rows n+1 … n+{@link CATCH_UP_ROWS} of an epoch, in the order of their commits. Numbers have no holes, so the window bounds the read. */
  async readAfter(epoch: number, n: number): Promise<readonly (Fix & { readonly n: number })[]> {
    const sql = this.#sql;
    const rows = await ask(
      sql<(FixRow & { n: number })[]>`
        SELECT ${sql.unsafe(FIX_COLUMNS)}, n::float8 AS n FROM fix
        WHERE epoch = ${epoch} AND n > ${n} AND n <= ${n + CATCH_UP_ROWS} ORDER BY n`,
      HISTORY_WAIT_MS,
    );
    return rows.map((row) => ({ ...toFix(row), n: row.n }));
  }

  /** The first number after n in an epoch whose rows next to n are gone (retention); undefined: none. */
  async findNextNumber(epoch: number, n: number): Promise<number | undefined> {
    const [row] = await ask(
      this.#sql<{ n: number | null }[]>`SELECT min(n)::float8 AS n FROM fix WHERE epoch = ${epoch} AND n > ${n}`,
      HISTORY_WAIT_MS,
    );
    return row?.n ?? undefined;
  }

  /** Epochs of all brokers from `epoch` on, oldest first. */
  async listEpochs(fromEpoch: number): Promise<{ broker: number; epoch: number }[]> {
    const rows = await ask(this.#sql<{ broker: number; epoch: number }[]>`
      SELECT broker, epoch::float8 AS epoch FROM broker_epoch WHERE epoch >= ${fromEpoch} ORDER BY epoch`);
    return [...rows];
  }

  /** The newest `limit` fixes of a device between two times, newest first. */
  async readTrack(deviceNo: number, fromMs: number, toMs: number, limit: number): Promise<Fix[]> {
    const sql = this.#sql;
    const rows = await ask(sql<FixRow[]>`
      SELECT ${sql.unsafe(FIX_COLUMNS)} FROM fix
      WHERE device_no = ${deviceNo} AND fixed_at >= ${new Date(fromMs)} AND fixed_at <= ${new Date(toMs)}
      ORDER BY fixed_at DESC, seq DESC LIMIT ${limit}`);
    return rows.map(toFix);
  }
}
