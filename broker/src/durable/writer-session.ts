import type { Fix } from "@wufen/contract";
import pg from "pg";
import { CopyRequest } from "./copy-request.ts";
import { CopyEncoder, FIX_COLUMNS } from "./copy-rows.ts";

const CONNECT_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 9000;
const OPEN_TIMEOUT_MS = 15_000;
/** First key of the advisory lock that the writing connection of a broker holds; the second is its number. */
const WRITER_LOCK = 0x57554645;

/** Another process with the same broker number started later: this one must write no more. */
export class SupersededError extends Error {
  override name = "SupersededError";
}

/**
 * The one connection of a broker that writes fixes, and the epoch that lives and dies with it.
 *
 * A commit whose answer is lost may still happen. So an epoch ends with its connection, and the next one is announced only after
 * the server has ended the old connection: whoever sees the new epoch finds the old one's rows final (docs/decisions).
 */
export class WriterSession {
  readonly broker: number;
  readonly epoch: number;
  /** Number of the last row committed in this epoch; 0: none. */
  lastN = 0;
  alive = true;
  readonly #client: pg.Client;
  readonly #direct = new CopyEncoder("fix");
  readonly #staged = new CopyEncoder("pg_temp.fix_in");

  private constructor(client: pg.Client, broker: number, epoch: number, onEnd: () => void) {
    this.#client = client;
    this.broker = broker;
    this.epoch = epoch;
    client.on("end", () => {
      this.alive = false;
      onEnd();
    });
  }

  /**
   * Connects, ends whatever connection of the same broker still writes, and takes a new epoch.
   *
   * @param lastEpoch the epoch this process had before; 0: it just started
   * @throws SupersededError; Error where the database does not answer
   */
  static async open(url: string, broker: number, lastEpoch: number, onEnd: () => void): Promise<WriterSession> {
    const client = new pg.Client({
      connectionString: url,
      application_name: `wufen broker ${broker} writer`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    });
    // Also fails the query under way, which carries the error.
    client.on("error", () => undefined);
    // A server that accepts and does not answer.
    const watchdog = setTimeout(() => cut(client), OPEN_TIMEOUT_MS);
    try {
      await client.connect();
      // A process that starts says so before it ends the connection of an older one, which then finds it and gives way.
      if (lastEpoch === 0) await takeEpoch(client, broker);
      else await assertNotSuperseded(client, broker, lastEpoch);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [WRITER_LOCK, broker],
      );
      await client.query("SELECT pg_advisory_lock($1, $2)", [WRITER_LOCK, broker]);
      await client.query("SET synchronous_commit = on");
      await client.query("CREATE TEMP TABLE fix_in (LIKE fix) ON COMMIT DELETE ROWS");
      return new WriterSession(client, broker, await takeEpoch(client, broker), onEnd);
    } catch (error) {
      cut(client);
      throw error;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Stores all rows in one commit; throws, having stored none, where one is there already (SQLSTATE 23505). */
  async copy(fixes: readonly Fix[]): Promise<void> {
    await this.#send(this.#direct, fixes);
    this.lastN += fixes.length;
  }

  /**
   * Stores those that are not there yet, numbered without holes, in one commit.
   *
   * @returns the places in `fixes` of the rows that were stored
   */
  async copyNew(fixes: readonly Fix[]): Promise<number[]> {
    for (;;) {
      await this.#client.query("BEGIN");
      try {
        // In the staging table a row's number is its place.
        await this.#send(this.#staged, fixes, 0);
        const { rows } = await this.#client.query<{ inserted: string; fresh: number[] | null }>(INSERT_FRESH, [
          this.lastN,
        ]);
        const { inserted, fresh } = rows[0]!;
        const places = fresh ?? [];
        if (Number(inserted) === places.length) {
          await this.#client.query("COMMIT");
          this.lastN += places.length;
          return places;
        }
        // Another broker stored one of them in between: its number would be a hole. It is visible to the next attempt.
        await this.#client.query("ROLLBACK");
      } catch (error) {
        if (this.alive) await this.#client.query("ROLLBACK").catch(() => undefined);
        throw error;
      }
    }
  }

  /** Ends the connection at once, whatever is under way. */
  destroy(): void {
    this.alive = false;
    cut(this.#client);
  }

  async end(): Promise<void> {
    this.alive = false;
    await this.#client.end();
  }

  async #send(encoder: CopyEncoder, fixes: readonly Fix[], firstN = this.lastN + 1): Promise<void> {
    const request = new CopyRequest(encoder.encode(fixes, { broker: this.broker, epoch: this.epoch, n: firstN }));
    this.#client.query(request);
    await request.done;
  }
}

const KEY = "f.device_no = i.device_no AND f.fixed_at = i.fixed_at AND f.seq = i.seq";
const COLUMNS_BUT_N = FIX_COLUMNS.replace(/, n$/, "");
const INSERT_FRESH = `
  WITH fresh AS MATERIALIZED (
    SELECT i.*, row_number() OVER (ORDER BY i.n) AS place FROM pg_temp.fix_in i
    WHERE NOT EXISTS (SELECT FROM fix f WHERE ${KEY})
  ), stored AS (
    INSERT INTO fix (${FIX_COLUMNS}) SELECT ${COLUMNS_BUT_N}, $1::bigint + place FROM fresh
    ON CONFLICT DO NOTHING RETURNING 1
  )
  SELECT (SELECT count(*) FROM stored) AS inserted, (SELECT array_agg(n::int ORDER BY n) FROM fresh) AS fresh`;

/** Ends a connection without waiting for the server, which node-postgres has no public way for. */
function cut(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

async function takeEpoch(client: pg.Client, broker: number): Promise<number> {
  const { rows } = await client.query<{ epoch: string }>(
    "INSERT INTO broker_epoch (broker) VALUES ($1) RETURNING epoch",
    [broker],
  );
  return Number(rows[0]!.epoch);
}

async function assertNotSuperseded(client: pg.Client, broker: number, lastEpoch: number): Promise<void> {
  const { rows } = await client.query<{ epoch: string }>(
    "SELECT epoch FROM broker_epoch WHERE broker = $1 AND epoch > $2 LIMIT 1",
    [broker, lastEpoch],
  );
  const newer = rows[0];
  if (newer !== undefined) {
    throw new SupersededError(
      `another process with WUFEN_BROKER_NO=${broker} started epoch ${newer.epoch}: give each broker its own number`,
    );
  }
}
