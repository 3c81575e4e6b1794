import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Lease, LeaseLost } from "../src/adapters/lease.ts";
import { LiveStore } from "../src/adapters/live-store.ts";
import { BusCursors } from "../src/live/bus-cursor.ts";
import { LiveState } from "../src/live/live-state.ts";
import { fixOf } from "./support/fake-broker.ts";

const log = pino({ level: "silent" });
let database: TestDatabase;
let sql: Sql;
let deviceNo: number;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 6 });
  const [row] = await sql<{ no: number }[]>`
    INSERT INTO device (id, label, kind, secret_hash) VALUES ('d-1', 'd-1', 'handset', '\\x00') RETURNING no`;
  deviceNo = row?.no ?? 0;
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});
beforeEach(async () => {
  await sql`TRUNCATE lease, latest_fix, live_cursor, kept_unmoved`;
});

/** As if its holder had stood still for longer than a lease lasts. */
async function runOut(): Promise<void> {
  await sql`UPDATE lease SET until = clock_timestamp() - interval '1 second'`;
}

async function savedAtMs(): Promise<number | undefined> {
  const [row] = await sql<{ ms: number }[]>`SELECT (extract(epoch FROM fixed_at) * 1000)::float8 AS ms FROM latest_fix`;
  return row?.ms;
}

/** An API's memory of one device. */
function memory(lease: Lease, fixedAtMs: number) {
  const live = new LiveState();
  live.receive([fixOf({ deviceNo, fixedAtMs })]);
  const cursors = new BusCursors();
  cursors.set({ broker: 1, epoch: 1, n: fixedAtMs });
  const store = new LiveStore(sql, lease);
  return { live, save: () => store.save(live, cursors) };
}

test("one process holds a lease; another has it when it is given up or has run out, with a higher epoch", async () => {
  const [one, two] = [new Lease(sql, "a", log), new Lease(sql, "a", log)];
  await one.renew();
  await two.renew();
  expect([one.epoch, two.epoch]).toEqual([1, undefined]);
  await one.renew();
  expect(one.epoch).toBe(1);
  await one.release();
  await two.renew();
  expect([one.epoch, two.epoch]).toEqual([undefined, 2]);
  await runOut();
  await one.renew();
  await two.renew();
  expect([one.epoch, two.epoch]).toEqual([3, undefined]);
  const other = new Lease(sql, "b", log);
  await other.renew();
  expect(other.epoch).toBe(1);
});

test("of many that ask in the same instant one gets it", async () => {
  const leases = Array.from({ length: 6 }, () => new Lease(sql, "a", log));
  await Promise.all(leases.map((lease) => lease.renew()));
  expect(leases.filter(({ epoch }) => epoch !== undefined)).toHaveLength(1);
});

test("a holder that was stopped and wakes late writes nothing, and keeps what it has for later", async () => {
  const [stopped, successor] = [new Lease(sql, "a", log), new Lease(sql, "a", log)];
  await stopped.renew();
  const late = memory(stopped, 2000);
  await runOut();
  await successor.renew();
  await expect(late.save()).rejects.toThrow(LeaseLost);
  expect(await savedAtMs()).toBeUndefined();
  expect(await sql`SELECT 1 FROM live_cursor`).toHaveLength(0);
  expect(stopped.epoch).toBeUndefined();
  expect(await memory(successor, 1000).save()).toBe(1);
  // Stand-by: it writes nothing until the lease is its own again.
  expect(await late.save()).toBe(0);
  expect(await savedAtMs()).toBe(1000);
  await successor.release();
  await stopped.renew();
  expect(await late.save()).toBe(1);
  expect(await savedAtMs()).toBe(2000);
});

test("stopped in the middle of its transaction, what it wrote does not stand, and its locks end", async () => {
  const [stopped, successor] = [new Lease(sql, "a", log), new Lease(sql, "a", log)];
  await stopped.renew();
  let standStill = () => {};
  const still = new Promise<void>((resolve) => {
    standStill = resolve;
  });
  let hasWritten = () => {};
  const written = new Promise<void>((resolve) => {
    hasWritten = resolve;
  });
  const late = stopped.write(async (transaction) => {
    await transaction`INSERT INTO live_cursor VALUES (9, 9, 9)`;
    hasWritten();
    await still;
    await transaction`INSERT INTO live_cursor VALUES (9, 10, 9)`;
  });
  const outcome = late.then(
    () => "stands",
    () => "does not stand",
  );
  await written;
  await runOut();
  await successor.renew();
  expect(successor.epoch).toBe(2);
  // The successor needs the row the stopped one has locked: it gets it when the database ends that transaction.
  await successor.write(async (transaction) => {
    await transaction`INSERT INTO live_cursor VALUES (9, 9, 10)`;
  });
  standStill();
  expect(await outcome).toBe("does not stand");
  expect(await sql`SELECT n::int FROM live_cursor`).toEqual([{ n: 10 }]);
});
