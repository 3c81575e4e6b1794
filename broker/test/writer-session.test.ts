import type { Fix } from "@wufen/contract";
import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Partitions } from "../src/durable/partitions.ts";
import { WriterSession } from "../src/durable/writer-session.ts";

const NOW = Date.now();
let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 2 });
  await new Partitions(sql).makeAhead(NOW);
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

function fix(over: Partial<Fix>): Fix {
  return {
    ...{
      deviceNo: 1,
      fixedAtMs: NOW,
      seq: 0,
      receivedAtMs: NOW,
      lngE7: 1,
      latE7: 1,
      accuracyDm: undefined,
      speedCms: undefined,
    },
    ...{ headingCdeg: undefined, altitudeM: undefined, batteryPercent: undefined, clockOffsetMs: undefined, flags: 0 },
    ...over,
  };
}

test("what is written with COPY comes back as it was, to the bounds of every column", async () => {
  const session = await WriterSession.open(database.url, 7, 0, () => undefined);
  const optional = (min: number, max: number) => fc.option(fc.integer({ min, max }), { nil: undefined });
  let deviceNo = 1000;
  const arbitrary = fc.record({
    fixedAtMs: fc.integer({ min: NOW - 3_600_000, max: NOW }),
    receivedAtMs: fc.integer({ min: NOW - 10_000, max: NOW }),
    seq: fc.integer({ min: 0, max: 0x7fffffff }),
    lngE7: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
    latE7: fc.integer({ min: -900_000_000, max: 900_000_000 }),
    accuracyDm: optional(0, 65_534),
    speedCms: optional(0, 65_534),
    headingCdeg: optional(0, 35_999),
    altitudeM: optional(-32_768, 32_766),
    clockOffsetMs: optional(-0x7fffffff, 0x7fffffff),
    batteryPercent: optional(0, 100),
    flags: fc.integer({ min: 0, max: 15 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(arbitrary, { minLength: 1, maxLength: 20 }), async (drawn) => {
      // A device of its own for each, so that no two are the same fix.
      const fixes = drawn.map((over) => fix({ ...over, deviceNo: deviceNo++ }));
      const firstN = session.lastN + 1;
      await session.copy(fixes);
      const rows = await sql`SELECT * FROM fix WHERE epoch = ${session.epoch} AND n >= ${firstN} ORDER BY n`;
      const back = rows.map((row, i) => {
        expect([row.broker, row.n]).toEqual([7, String(firstN + i)]);
        const known = (value: unknown) => (value === null ? undefined : value);
        return {
          ...{
            deviceNo: row.device_no,
            fixedAtMs: row.fixed_at.getTime(),
            seq: row.seq,
            receivedAtMs: row.received_at.getTime(),
          },
          ...{
            lngE7: row.lng_e7,
            latE7: row.lat_e7,
            accuracyDm: known(row.accuracy_dm),
            speedCms: known(row.speed_cms),
          },
          ...{
            headingCdeg: known(row.heading_cdeg),
            altitudeM: known(row.altitude_m),
            batteryPercent: known(row.battery_percent),
          },
          ...{ clockOffsetMs: known(row.clock_offset_ms), flags: row.flags },
        };
      });
      expect(back).toEqual(fixes);
    }),
    { numRuns: 30 },
  );
  await session.end();
});

test("a refused COPY leaves the connection usable and the numbers as they were", async () => {
  const session = await WriterSession.open(database.url, 8, 0, () => undefined);
  await session.copy([fix({ deviceNo: 1, seq: 1 })]);
  await expect(session.copy([fix({ deviceNo: 1, seq: 2 }), fix({ deviceNo: 1, seq: 1 })])).rejects.toMatchObject({
    code: "23505",
  });
  expect(session.lastN).toBe(1);
  expect(await session.copyNew([fix({ deviceNo: 1, seq: 1 }), fix({ deviceNo: 1, seq: 2 })])).toEqual([1]);
  expect(session.lastN).toBe(2);
  await session.end();
});

test("two brokers that store the same fixes at the same time number theirs without holes, and each fix is stored once", async () => {
  const [a, b] = await Promise.all(
    [11, 12].map((broker) => WriterSession.open(database.url, broker, 0, () => undefined)),
  );
  const batches = Array.from({ length: 20 }, (_, batch) =>
    Array.from({ length: 30 }, (_, i) => fix({ deviceNo: 50 + batch, seq: i, fixedAtMs: NOW - batch })),
  );
  const storeAll = async (session: WriterSession) => {
    let stored = 0;
    for (const batch of batches) stored += (await session.copyNew(batch)).length;
    return stored;
  };
  const counts = await Promise.all([storeAll(a!), storeAll(b!)]);
  expect(counts[0]! + counts[1]!).toBe(600);
  for (const session of [a!, b!]) {
    const rows = await sql<{ n: string }[]>`SELECT n FROM fix WHERE epoch = ${session.epoch} ORDER BY n`;
    expect(rows.map(({ n }) => Number(n))).toEqual(Array.from({ length: session.lastN }, (_, i) => i + 1));
    await session.end();
  }
});
