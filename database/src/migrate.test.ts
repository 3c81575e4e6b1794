import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Sql } from "./connect.ts";
import { DatabaseNewerError, migrate } from "./migrate.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

const dir = mkdtempSync(join(tmpdir(), "wufen-migrations-"));
let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  cpSync(new URL("./migrations", import.meta.url), dir, { recursive: true });
  database = await createTestDatabase();
  sql = connect(database.url, { max: 1 });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
  rmSync(dir, { recursive: true, force: true });
});

const tables = async () =>
  (await sql<{ tablename: string }[]>`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`).map(
    ({ tablename }) => tablename,
  );

test("a migrated database is left as it is", async () => {
  expect(await migrate(database.url)).toEqual([]);
});

test("a migration that fails takes back all that ran with it, and the old schema works on", async () => {
  writeFileSync(join(dir, "9001-good.sql"), "CREATE TABLE from_good (no integer);");
  writeFileSync(join(dir, "9002-bad.sql"), "CREATE TABLE from_bad (no integer); SELECT no_such_column;");
  await expect(migrate(database.url, undefined, dir)).rejects.toThrow("no_such_column");
  expect((await tables()).filter((name) => name.startsWith("from_"))).toEqual([]);
  expect(await migrate(database.url)).toEqual([]);
});

test("two processes that migrate at the same moment take turns", async () => {
  rmSync(join(dir, "9002-bad.sql"));
  const ran = await Promise.all([migrate(database.url, undefined, dir), migrate(database.url, undefined, dir)]);
  expect(ran.flat()).toEqual(["9001-good"]);
});

test("a database that newer code migrated is refused by name", async () => {
  const refused = migrate(database.url);
  await expect(refused).rejects.toThrow(DatabaseNewerError);
  await expect(refused).rejects.toThrow("9001-good");
});

test("a database that cannot be reached is named without its password", async () => {
  const url = "postgres://someone:secret@127.0.0.1:1/nothing";
  await expect(migrate(url)).rejects.toThrow(/^cannot reach the database postgres:\/\/someone:\*\*\*@127\.0\.0\.1:1/);
});
