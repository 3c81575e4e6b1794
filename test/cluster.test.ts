import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { commandTopic, type DeviceList, type Health, type ImportedRoster } from "@wufen/contract";
import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Acknowledged, listLost, readAcknowledged } from "./support/acknowledged.ts";
import { Cluster, type Member } from "./support/cluster.ts";
import { Desk } from "./support/desk.ts";
import { poll } from "./support/poll.ts";
import { root } from "./support/process.ts";
import type { Credential } from "./support/system.ts";

const DEVICES = 2000;
/** Fixes a second; the least that has to be acknowledged between two disturbances. */
const RATE = 400;
const FREEZE_MS = 5000;

let folder: string;
let database: TestDatabase;
let sql: Sql;
let cluster: Cluster;
/** The last two are no part of the load. */
let devices: Credential[];
let credentials: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wk-"));
  database = await createTestDatabase();
  sql = connect(database.url, { max: 2 });
  cluster = await Cluster.start(database.url);
  const api = await cluster.signIn(0);
  const units = Array.from({ length: DEVICES + 2 }, (_, i) => ({
    callsign: `K${i}`,
    kind: "car" as const,
    deviceKind: "vehicle-terminal" as const,
  }));
  const made: ImportedRoster["units"][number][] = [];
  for (let at = 0; at < units.length; at += 500) {
    made.push(...(await api.post<ImportedRoster>("/api/roster", { units: units.slice(at, at + 500) })).units);
  }
  devices = made.map(({ deviceId, secret, callsign }) => ({
    deviceId,
    secret,
    callsign,
    kind: "car",
    protocol: "binary",
    datum: "wgs84",
  }));
  credentials = join(folder, "credentials.json");
  await writeFile(credentials, JSON.stringify(devices.slice(0, DEVICES)), { mode: 0o600 });
});

afterAll(async () => {
  await cluster?.stop();
  await sql?.end({ timeout: 1 });
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Devices that send through the balancer until they are told to end, and remember what was acknowledged. */
class Load {
  readonly #acked = join(folder, "acked");
  readonly #child = spawn(
    process.execPath,
    [
      ...[join(root, "device-sim/dist/main.js"), "load", "--url", `mqtt://127.0.0.1:${cluster.balancer.port}`],
      ...["--credentials", credentials, "--acked", this.#acked, "--rate", String(RATE), "--seconds", "600"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  #acknowledged = 0;
  #wake: (() => void)[] = [];
  readonly #reading = (async () => {
    for await (const line of createInterface({ input: this.#child.stdout })) {
      this.#acknowledged = (JSON.parse(line) as { acknowledged: number }).acknowledged;
      for (const wake of this.#wake.splice(0)) wake();
    }
  })();

  readonly #ended = once(this.#child, "exit");

  /** Resolves when about a second's worth more is acknowledged. */
  async goesOn(): Promise<void> {
    const wanted = this.#acknowledged + RATE;
    const early = this.#ended.then(() => {
      throw new Error(`the load ended early, after ${this.#acknowledged} acknowledgements`);
    });
    while (this.#acknowledged < wanted) {
      await Promise.race([new Promise<void>((resolve) => this.#wake.push(resolve)), early]);
    }
  }

  async end(): Promise<Acknowledged[]> {
    this.#child.kill("SIGTERM");
    await this.#ended;
    await this.#reading;
    return readAcknowledged(this.#acked);
  }
}

/** Every acknowledged fix is in the database, and each API stands at the newest fix of each device that the database holds. */
async function expectNothingMissing(acknowledged: readonly Acknowledged[]): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(RATE);
  expect(await listLost(database.url, devices, acknowledged)).toEqual([]);
  const rows = await sql<{ id: string; ms: string }[]>`
    SELECT device.id, (extract(epoch FROM max(fix.fixed_at)) * 1000)::bigint AS ms
    FROM fix JOIN device ON device.no = fix.device_no GROUP BY device.id`;
  const newest = new Map(rows.map(({ id, ms }) => [id, Number(ms)]));
  for (const i of [0, 1]) {
    const api = await cluster.signIn(i);
    await poll(`API ${i + 1} holds the newest fix of every device`, async () => {
      const list = await api.get<DeviceList>("/api/devices");
      const live = new Map(list.devices.map(({ id, fixedAtMs }) => [id, fixedAtMs]));
      return [...newest].every(([id, ms]) => live.get(id) === ms) ? true : undefined;
    });
  }
}

/** A desk at each API comes to show the same units at the same places. */
async function expectEqualDesks(): Promise<void> {
  const desks = await Promise.all(
    [0, 1].map(async (i) => Desk.open(cluster.base(i), (await cluster.signIn(i)).cookie)),
  );
  const shown = () =>
    desks.map(({ positions }) =>
      JSON.stringify(
        [...positions].map(([no, { lngE7, latE7, status }]) => [no, lngE7, latE7, status]).sort(([a], [b]) => a! - b!),
      ),
    );
  await poll("both desks show the same", () => (new Set(shown()).size === 1 ? true : undefined));
  expect(desks[0]?.positions.size).toBe(DEVICES);
  for (const desk of desks) desk.close();
}

async function health(i: number): Promise<Health> {
  return (await (await fetch(`${cluster.base(i)}/healthz`)).json()) as Health;
}

describe("two brokers, two dispatch APIs, one Redis, one PostgreSQL", () => {
  it("[P7] kill -9 of each in turn; Redis dies and the last fixes are never said on the bus: none is missing", async () => {
    const load = new Load();
    await load.goesOn();
    for (const member of [...cluster.brokers, ...cluster.dispatches]) {
      await member.process.kill();
      await load.goesOn();
      await member.start();
      await load.goesOn();
    }
    await cluster.redis.kill();
    // Devices notice nothing of it.
    await load.goesOn();
    const acknowledged = await load.end();
    await expectNothingMissing(acknowledged);
    expect((await health(0)).redis).toBe(false);
    await expectEqualDesks();
    await cluster.redis.start();
    for (const i of [0, 1]) {
      await poll("Redis and brokers are heard again", async () => {
        const { ok, redis } = await health(i);
        return ok && redis === true ? true : undefined;
      });
    }
  });

  it("Redis is frozen for 5 s: acknowledgements go on, and what was said meanwhile is missing nowhere", async () => {
    const load = new Load();
    await load.goesOn();
    cluster.redis.freeze();
    const thawAtMs = Date.now() + FREEZE_MS;
    await load.goesOn();
    await load.goesOn();
    const acknowledged = await load.end();
    await poll("the freeze ends", () => (Date.now() >= thawAtMs ? true : undefined));
    cluster.redis.thaw();
    await expectNothingMissing(acknowledged);
    await expectEqualDesks();
  });

  it("a command reaches a device on either broker, from either API; a device has one connection", async () => {
    const [mine, other] = devices.slice(DEVICES) as [Credential, Credential];
    const apis = await Promise.all([0, 1].map((i) => cluster.signIn(i)));
    const open = async (broker: Member, { deviceId, secret }: Credential): Promise<MqttClient> => {
      const client = await connectAsync(`mqtt://127.0.0.1:${broker.port("WUFEN_MQTT_PORT")}`, {
        clientId: deviceId,
        username: deviceId,
        password: secret,
        reconnectPeriod: 0,
      });
      await client.subscribeAsync(commandTopic(deviceId), { qos: 1 });
      return client;
    };
    const [first, second] = cluster.brokers as [Member, Member];
    const clients = [await open(first, mine), await open(second, other)];
    for (const api of apis) {
      for (const [i, { deviceId }] of [mine, other].entries()) {
        const heard = new Promise<[string, Buffer]>((resolve) => {
          clients[i]?.once("message", (topic, payload) => resolve([topic, payload]));
        });
        await api.call("POST", `/api/devices/${deviceId}/locate`);
        const [topic, payload] = await heard;
        expect(topic).toBe(commandTopic(deviceId));
        expect(JSON.parse(payload.toString())).toMatchObject({ action: "report-now" });
      }
    }
    const closed = new Promise<void>((resolve) => clients[0]?.once("close", () => resolve()));
    clients[0] = await open(second, mine);
    await closed;
    const [row] = await poll("its presence is the second broker's", async () => {
      const rows = await sql<{ online: boolean; broker: number }[]>`
        SELECT online, broker FROM device_presence JOIN device ON device.no = device_no WHERE device.id = ${mine.deviceId}`;
      return rows[0]?.broker === 2 ? rows : undefined;
    });
    expect(row?.online).toBe(true);
    for (const client of clients) await client.endAsync(true);
  });

  it("an API that stands still while it saves for all is replaced, and writes nothing when it wakes", async () => {
    const holder = async () =>
      (
        await sql<{ holder: string; epoch: number }[]>`SELECT holder, epoch::int FROM lease WHERE name = 'live-state'`
      )[0];
    const before = await holder();
    const stopped: Member[] = [];
    // Whoever does not hold it may stand still without a change: so the other stands still then.
    for (const member of cluster.dispatches) {
      member.process.child.kill("SIGSTOP");
      stopped.push(member);
      const changed = await poll(
        "another holds the lease",
        async () => ((await holder())?.epoch !== before?.epoch ? true : undefined),
        7000,
      ).catch(() => false);
      if (changed) break;
      member.process.child.kill("SIGCONT");
      stopped.pop();
    }
    expect(stopped).toHaveLength(1);
    const successor = await holder();
    expect(successor?.holder).not.toBe(before?.holder);
    stopped[0]?.process.child.kill("SIGCONT");
    const i = cluster.dispatches.indexOf(stopped[0] as Member);
    await poll("it works on", async () => ((await health(i)).ok ? true : undefined));
    expect(await holder()).toEqual(successor);
  });
});
