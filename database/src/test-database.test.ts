import { afterAll, expect, test } from "vitest";
import { connect, type Sql } from "./connect.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

const opened: { database: TestDatabase; sql: Sql }[] = [];
async function open(): Promise<Sql> {
  const database = await createTestDatabase();
  const sql = connect(database.url, { max: 2 });
  opened.push({ database, sql });
  return sql;
}

afterAll(async () => {
  for (const { database, sql } of opened) {
    await sql.end();
    await database.drop();
  }
});

test("each test database has the schema, is empty, and is apart from the others", async () => {
  const [one, other] = [await open(), await open()];
  await one`INSERT INTO broker_epoch (broker) VALUES (1)`;
  expect((await one`SELECT epoch FROM broker_epoch`).length).toBe(1);
  expect((await other`SELECT epoch FROM broker_epoch`).length).toBe(0);
});

test("a statement that runs longer than its time is cancelled by the server", async () => {
  const { database } = opened[0] as { database: TestDatabase };
  const sql = connect(database.url, { max: 1, statementTimeoutMs: 20 });
  await expect(sql`SELECT pg_sleep(5)`).rejects.toMatchObject({ code: "57014" });
  await sql.end();
});
