import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Partitions } from "../src/durable/partitions.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 2, 1, 12);
let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 6 });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

async function names(): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'fix'::regclass ORDER BY 1`;
  return rows.map(({ name }) => name);
}

function insert(fixedAtMs: number) {
  return sql`INSERT INTO fix (device_no, fixed_at, seq, received_at, lng_e7, lat_e7, flags, broker, epoch, n)
    VALUES (1, ${new Date(fixedAtMs)}, 1, ${new Date(NOW)}, 1, 1, 0, 1, 1, ${fixedAtMs})`;
}

test("are made ahead, UTC days, by brokers that do it at the same time", async () => {
  await Promise.all(Array.from({ length: 4 }, () => new Partitions(sql).makeAhead(NOW)));
  expect(await names()).toEqual(["fix_20260228", "fix_20260301", "fix_20260302", "fix_20260303"]);
  await insert(Date.UTC(2026, 2, 1));
  await insert(Date.UTC(2026, 2, 2) - 1);
  await expect(insert(Date.UTC(2026, 2, 4))).rejects.toMatchObject({ code: "23514" });
  // Their indexes came with them.
  await expect(insert(Date.UTC(2026, 2, 1))).rejects.toMatchObject({ code: "23505" });
});

test("do not lock out a reader of the history while they are made or dropped", async () => {
  const reader = connect(database.url, { max: 1 });
  const partitions = new Partitions(sql);
  await reader.begin(async (transaction) => {
    await transaction`SELECT count(*) FROM fix`;
    await partitions.makeFor([NOW + 5 * DAY_MS]);
    await transaction`SELECT count(*) FROM fix`;
  });
  await reader.end();
  expect(await names()).toContain("fix_20260306");
});

test("are dropped whole when all of a day lies before the retention, and not a day earlier", async () => {
  const partitions = new Partitions(sql);
  await partitions.makeFor([NOW - 30 * DAY_MS, NOW - 31 * DAY_MS, NOW - 32 * DAY_MS]);
  const retentionMs = 30 * DAY_MS;
  // 30 January 12:00 is the oldest that is kept: that day stays.
  expect(await partitions.dropExpired(NOW, retentionMs)).toEqual(["fix_20260128", "fix_20260129"]);
  expect(await partitions.dropExpired(NOW, retentionMs)).toEqual([]);
  expect((await names())[0]).toBe("fix_20260130");
  expect(await partitions.dropExpired(NOW + DAY_MS / 2, retentionMs)).toEqual(["fix_20260130"]);
});

test("a partition dropped a moment ago is made again where a fix needs it", async () => {
  const partitions = new Partitions(sql);
  await partitions.makeFor([NOW - 40 * DAY_MS]);
  await new Partitions(sql).dropExpired(NOW, 30 * DAY_MS);
  await partitions.makeFor([NOW - 40 * DAY_MS]);
  expect(await names()).toContain("fix_20260120");
});
