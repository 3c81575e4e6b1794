import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Sql } from "./connect.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 1 });
  await sql`
    INSERT INTO device (id, label, kind, secret_hash) VALUES ('monitor', 'm', 'ankle-monitor', ''), ('phone', 'p', 'handset', '')`;
  await sql`
    INSERT INTO unit (id, callsign, kind, device_no) SELECT 'u-1', 'U1', 'foot', no FROM device WHERE id = 'phone'`;
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

test("[O1] the database binds no ankle monitor to a unit, whoever asks", async () => {
  const monitor = sql`(SELECT no FROM device WHERE id = 'monitor')`;
  await expect(
    sql`INSERT INTO unit (id, callsign, kind, device_no) VALUES ('u-2', 'U2', 'foot', ${monitor})`,
  ).rejects.toThrow("never a unit");
  await expect(sql`UPDATE unit SET device_no = ${monitor} WHERE id = 'u-1'`).rejects.toThrow("never a unit");
});

test("[O1] no device that serves a unit becomes an ankle monitor, and no ankle monitor something else", async () => {
  await expect(sql`UPDATE device SET kind = 'ankle-monitor' WHERE id = 'phone'`).rejects.toThrow(
    "was registered as handset",
  );
  await expect(sql`UPDATE device SET kind = 'handset' WHERE id = 'monitor'`).rejects.toThrow(
    "was registered as ankle-monitor",
  );
  await sql`UPDATE device SET kind = kind, label = 'new' WHERE id = 'phone'`;
});
