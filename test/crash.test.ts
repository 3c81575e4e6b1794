import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DeviceList } from "@wufen/contract";
import { connect, type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@wufen/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listLost, readAcknowledged } from "./support/acknowledged.ts";
import { Api } from "./support/api.ts";
import { Desk } from "./support/desk.ts";
import { poll } from "./support/poll.ts";
import { root } from "./support/process.ts";
import { type Credential, PASSWORD, System } from "./support/system.ts";

// Fewer than the benchmark plays, for the time of a whole test run; CRASH_DEVICES=5000 CRASH_RATE=5000 is its load.
const DEVICES = Number(process.env.CRASH_DEVICES ?? 400);
const RATE = Number(process.env.CRASH_RATE ?? 800);
const BACK_WITHIN_MS = 10_000;

let folder: string;
let dataDir: string;
let postgres: EmbeddedPostgres;
let system: System;
let credentials: string;
let devices: Credential[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wc-"));
  dataDir = await mkdtemp(join(tmpdir(), "wc-"));
  postgres = await startEmbeddedPostgres({ dataDir });
  await migrate(postgres.url);
  system = await System.start(folder, postgres.url);
  ({ file: credentials, devices } = await system.register(
    Array.from({ length: DEVICES }, (_, i) => ({
      callsign: `C${i}`,
      kind: "car" as const,
      deviceKind: "vehicle-terminal" as const,
    })),
  ));
});

afterAll(async () => {
  await system?.stop();
  await postgres?.stop();
  for (const made of [folder, dataDir]) await rm(made, { recursive: true, force: true });
});

/** Plays devices that remember what was acknowledged; `middle` is run while they send. */
async function underLoad(
  seconds: number,
  middle: (load: { acknowledged: () => number; next: () => Promise<void> }) => Promise<void>,
): Promise<string> {
  const acked = join(folder, "acked");
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...[
        join(root, "device-sim/dist/main.js"),
        "load",
        "--url",
        system.mqttUrl,
        "--credentials",
        credentials,
        "--acked",
        acked,
      ],
      ...["--rate", String(RATE), "--seconds", String(seconds), "--addresses", "100", "--drain-seconds", "60"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit") as Promise<[number | null]>;
  let last = { acknowledged: 0, waiting: 0, connected: 0 };
  let wake: (() => void)[] = [];
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      last = JSON.parse(line) as typeof last;
      for (const resolve of wake.splice(0)) resolve();
    }
  })();
  const next = () =>
    Promise.race([
      new Promise<void>((resolve) => {
        wake = [...wake, resolve];
      }),
      ended.then(() => {
        throw new Error(`the load ended early: ${JSON.stringify(last)}\n${system.broker.output().slice(-2000)}`);
      }),
    ]);
  while (last.acknowledged < RATE) await next();
  await middle({ acknowledged: () => last.acknowledged, next });
  const [code] = await ended;
  await reading;
  expect(code).toBe(0);
  expect(last.waiting, "devices still hold what nobody acknowledged").toBe(0);
  return acked;
}

/** Every acknowledged fix is in the database, and the live state stands at the newest fix of each device that the database holds. */
async function expectNothingLost(acked: string): Promise<void> {
  const acknowledged = readAcknowledged(acked);
  expect(acknowledged.length).toBeGreaterThan(RATE);
  expect(await listLost(system.databaseUrl, devices, acknowledged)).toEqual([]);

  const sql = connect(system.databaseUrl, { max: 1 });
  const newest = await sql<{ id: string; ms: string }[]>`
    SELECT device.id, (extract(epoch FROM max(fix.fixed_at)) * 1000)::bigint AS ms
    FROM fix JOIN device ON device.no = fix.device_no GROUP BY device.id`;
  await sql.end();
  const inDatabase = new Map(newest.map(({ id, ms }) => [id, Number(ms)]));
  await poll("the live state holds the newest fix of every device", async () => {
    const list = await system.api.get<DeviceList>("/api/devices?limit=25000");
    const live = new Map(list.devices.map(({ id, fixedAtMs }) => [id, fixedAtMs]));
    return devices.every(({ deviceId }) => live.get(deviceId) === inDatabase.get(deviceId)) ? true : undefined;
  });
}

async function within<T>(ms: number, what: string, act: () => Promise<T>): Promise<T> {
  const startedAtMs = Date.now();
  const result = await act();
  expect(Date.now() - startedAtMs, `${what} took longer than ${ms} ms`).toBeLessThan(ms);
  return result;
}

/** The system takes fixes again and a desk sees them move. */
async function backToWork(load: { acknowledged: () => number; next: () => Promise<void> }): Promise<void> {
  const before = load.acknowledged();
  while (load.acknowledged() <= before + RATE / 2) await load.next();
}

describe("[P7] what was acknowledged survives the death of any process", () => {
  it("kill -9 of the broker", async () => {
    const acked = await underLoad(8, async (load) => {
      await system.broker.kill();
      await within(BACK_WITHIN_MS, "the broker", async () => {
        await system.startBroker();
        await backToWork(load);
      });
    });
    await expectNothingLost(acked);
  });

  it("kill -9 of the dispatch API; its live state is whole again", async () => {
    const acked = await underLoad(8, async (load) => {
      await system.dispatch.kill();
      await within(BACK_WITHIN_MS, "the API", () => system.startDispatch());
      await backToWork(load);
      const desk = await Desk.open(system.base, system.api.cookie);
      await desk.until(() => desk.positions.size === DEVICES);
      desk.close();
    });
    await expectNothingLost(acked);
  });

  it("kill -9 of the database", async () => {
    const acked = await underLoad(10, async (load) => {
      process.kill(postgres.pid, "SIGKILL");
      postgres = await startEmbeddedPostgres({ dataDir });
      await within(BACK_WITHIN_MS, "the system after its database", () => backToWork(load));
    });
    await expectNothingLost(acked);
  });

  it("kill -9 of all of them at once", async () => {
    const acked = await underLoad(15, async (load) => {
      process.kill(postgres.pid, "SIGKILL");
      await Promise.all([system.broker.kill(), system.dispatch.kill()]);
      await within(BACK_WITHIN_MS, "the whole system", async () => {
        postgres = await startEmbeddedPostgres({ dataDir });
        await system.startBroker();
        await system.startDispatch();
        await backToWork(load);
      });
    });
    await expectNothingLost(acked);
  });

  it("death between commit and bus: the row that no frame carried is in the live state", async () => {
    await system.broker.kill();
    const device = devices[0] as Credential;
    const sql = connect(system.databaseUrl, { max: 1 });
    // The state such a death leaves: committed under the dead process's epoch with the next n, told to nobody.
    const [row] = await sql<{ ms: string }[]>`
      WITH last AS (SELECT epoch, broker FROM broker_epoch ORDER BY epoch DESC LIMIT 1),
           number AS (SELECT last.*, COALESCE(max(fix.n), 0) + 1 AS n FROM last LEFT JOIN fix USING (epoch) GROUP BY last.epoch, last.broker)
      INSERT INTO fix (device_no, fixed_at, seq, received_at, lng_e7, lat_e7, flags, broker, epoch, n)
      SELECT device.no, date_trunc('milliseconds', now()), 1, now(), place.lng_e7, place.lat_e7, 0, number.broker, number.epoch, number.n
      FROM device, number, LATERAL (SELECT lng_e7, lat_e7 FROM fix WHERE device_no = device.no ORDER BY fixed_at DESC LIMIT 1) AS place
      WHERE device.id = ${device.deviceId}
      RETURNING (extract(epoch FROM fixed_at) * 1000)::bigint AS ms`;
    await sql.end();
    await system.startBroker();
    await poll("the live state holds it", async () => {
      const { devices: live } = await system.api.get<DeviceList>("/api/devices?limit=25000");
      return live.find(({ id }) => id === device.deviceId)?.fixedAtMs === Number(row?.ms) ? true : undefined;
    });
  });
});

describe("[P9] the database is away for a minute", () => {
  it("nothing is acknowledged meanwhile, desks are told, and everything goes on by itself", async () => {
    const api = await Api.signIn(system.base, "root", PASSWORD);
    const desk = await Desk.open(system.base, api.cookie);
    const acked = await underLoad(70, async (load) => {
      await postgres.stop();
      await desk.until(() => desk.health?.database === false && desk.health.positionsFrozenSinceMs !== null);
      // Acknowledgements on their way may still be counted in the line that is being written.
      await load.next();
      const before = load.acknowledged();
      const untilMs = Date.now() + 60_000;
      while (Date.now() < untilMs) await load.next();
      expect(load.acknowledged()).toBe(before);
      expect(desk.closed).toBeUndefined();
      expect(desk.positions.size, "positions stay on the map under the banner").toBe(DEVICES);
      postgres = await startEmbeddedPostgres({ dataDir });
      await within(BACK_WITHIN_MS, "the system after its database", () => backToWork(load));
      await desk.until(() => desk.health?.database === true && desk.health.positionsFrozenSinceMs === null);
    });
    desk.close();
    await expectNothingLost(acked);
  });
});
