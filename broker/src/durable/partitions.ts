import type { Sql } from "@wufen/database";

const DAY_MS = 86_400_000;
/** Days made ahead of today. */
const AHEAD_DAYS = 2;
const NAME = /^fix_(\d{4})(\d{2})(\d{2})$/;
/** Serialises brokers that make or drop partitions at the same time. */
const PARTITION_LOCK = 0x57554650;
/** Held by the broker that drops partitions. */
const DROP_LOCK = 0x57554651;

/** The partitions of the fix history: one a UTC day of device time, made ahead, dropped whole. */
export class Partitions {
  readonly #sql: Sql;
  readonly #made = new Set<number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Makes today's and the next days'. */
  async makeAhead(nowMs: number): Promise<void> {
    const today = dayOf(nowMs);
    await this.makeFor(Array.from({ length: AHEAD_DAYS + 2 }, (_, i) => (today + i - 1) * DAY_MS));
  }

  /** Whether all of the times lie in partitions known to exist. */
  has(timeMs: number): boolean {
    return this.#made.has(dayOf(timeMs));
  }

  /** Makes the partitions of the given device times where they are missing. */
  async makeFor(timesMs: readonly number[]): Promise<void> {
    const days = [...new Set(timesMs.map(dayOf))];
    for (const day of days) {
      const name = partitionName(day);
      await this.#sql.begin(async (sql) => {
        await sql`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`;
        const [found] = await sql`SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(${name})`;
        if (found !== undefined) return;
        // CREATE … PARTITION OF would lock out every reader of the history; ATTACH does not.
        await sql.unsafe(`CREATE TABLE IF NOT EXISTS ${name} (LIKE fix INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
        await sql.unsafe(
          `ALTER TABLE fix ATTACH PARTITION ${name} FOR VALUES FROM ('${isoDay(day)}') TO ('${isoDay(day + 1)}')`,
        );
      });
      this.#made.add(day);
    }
  }

  /** Drops the partitions that lie wholly before the retention, unless another broker is about it. @returns their names */
  async dropExpired(nowMs: number, retentionMs: number): Promise<string[]> {
    const own = await this.#sql.reserve();
    try {
      const [lock] = await own<{ ours: boolean }[]>`SELECT pg_try_advisory_lock(${DROP_LOCK}) AS ours`;
      if (lock?.ours !== true) return [];
      try {
        return await this.#drop(nowMs, retentionMs);
      } finally {
        await own`SELECT pg_advisory_unlock(${DROP_LOCK})`;
      }
    } finally {
      own.release();
    }
  }

  async #drop(nowMs: number, retentionMs: number): Promise<string[]> {
    const rows = await this.#sql<{ name: string; detaching: boolean }[]>`
      SELECT c.relname AS name, i.inhdetachpending AS detaching
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'fix'::regclass ORDER BY c.relname`;
    const dropped: string[] = [];
    for (const { name, detaching } of rows) {
      const day = parseName(name);
      if (day === undefined || (day + 1) * DAY_MS > nowMs - retentionMs) continue;
      this.#made.delete(day);
      // DROP alone would lock out readers and writers while it waits; a detach that was interrupted is finished.
      await this.#sql.unsafe(`ALTER TABLE fix DETACH PARTITION ${name} ${detaching ? "FINALIZE" : "CONCURRENTLY"}`);
      await this.#sql.unsafe(`DROP TABLE ${name}`);
      dropped.push(name);
    }
    return dropped;
  }
}

function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

function partitionName(day: number): string {
  return `fix_${isoDay(day).slice(0, 10).replaceAll("-", "")}`;
}

function isoDay(day: number): string {
  return `${new Date(day * DAY_MS).toISOString().slice(0, 10)} 00:00:00+00`;
}

function parseName(name: string): number | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  return Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / DAY_MS;
}
