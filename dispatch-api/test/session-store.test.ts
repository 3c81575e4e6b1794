import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPassword, hashPassword } from "../src/adapters/passwords.ts";
import { PersonStore } from "../src/adapters/person-store.ts";
import { SESSION_CACHE_MS, SessionStore } from "../src/adapters/session-store.ts";
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from "../src/domain/session-life.ts";

let database: TestDatabase;
let sql: Sql;
let personNo: number;
let nowMs = 1_800_000_000_000;
const now = () => nowMs;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 1 });
  const persons = new PersonStore(sql);
  const person = { name: "p", role: "dispatcher", demo: true, passwordHash: "x" } as const;
  expect(await persons.ensure(person)).toBe(true);
  expect(await persons.ensure({ ...person, role: "administrator" })).toBe(false);
  personNo = (await persons.find("p"))?.no ?? 0;
  expect((await persons.find("p"))?.role).toBe("dispatcher");
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

describe("a session", () => {
  const store = () => new SessionStore(sql, { now, demoAllowed: true });

  it("ends after its idle time; a look at it is no use of it", async () => {
    const sessions = store();
    const { token } = await sessions.create(personNo);
    nowMs += SESSION_IDLE_MS - 1000;
    expect((await sessions.find(token, false))?.name).toBe("p");
    nowMs += SESSION_CACHE_MS + 1000;
    expect(await sessions.find(token)).toBeUndefined();
  });

  it("is put off by use, and ends after its absolute time all the same", async () => {
    const sessions = store();
    const { token } = await sessions.create(personNo);
    const step = SESSION_IDLE_MS - 1000;
    for (let passed = step; passed < SESSION_ABSOLUTE_MS; passed += step) {
      nowMs += step;
      expect((await sessions.find(token))?.name).toBe("p");
    }
    nowMs += SESSION_IDLE_MS - 1000;
    expect(await sessions.find(token)).toBeUndefined();
  });

  it("ends with its person, and with the demo", async () => {
    const { token } = await store().create(personNo);
    expect(await new SessionStore(sql, { now, demoAllowed: false }).find(token)).toBeUndefined();
    expect(await store().find(token)).toBeDefined();
    await sql`UPDATE person SET disabled_at = now()`;
    expect(await store().find(token)).toBeUndefined();
    await sql`UPDATE person SET disabled_at = NULL`;
  });

  it("leaves the table when it is over", async () => {
    nowMs += SESSION_ABSOLUTE_MS;
    await store().removeExpired();
    const [left] = await sql`SELECT count(*)::int AS n FROM session`;
    expect(left?.n).toBe(0);
  });
});

describe("a password", () => {
  it("is right, wrong, or nobody's", async () => {
    const stored = await hashPassword("right");
    expect(stored).toMatch(/^\$argon2id\$/);
    expect(await checkPassword(stored, "right")).toBe(true);
    expect(await checkPassword(stored, "wrong")).toBe(false);
    expect(await checkPassword(undefined, "nobody's password")).toBe(false);
  });
});
