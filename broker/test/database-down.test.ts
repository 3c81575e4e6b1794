import { pingTopic } from "@wufen/contract";
import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BusReader } from "./support/bus-reader.ts";
import { DatabaseLink } from "./support/database-link.ts";
import { binaryPing, ownTracksLocation } from "./support/pings.ts";
import { connectPacket, connectRaw, openRaw, publishAcked, publishPacket } from "./support/raw-client.ts";
import { eventually, type RunningBroker, runBroker } from "./support/running-broker.ts";

let database: TestDatabase;
let link: DatabaseLink;
let running: RunningBroker;
let direct: Sql;

async function start(env: Record<string, string> = {}): Promise<void> {
  database = await createTestDatabase();
  link = await DatabaseLink.open(database.url);
  running = await runBroker(env, { database, databaseUrl: link.url });
  direct = connect(database.url, { max: 1 });
}

beforeEach(() => {
  link = undefined as never;
});
afterEach(async () => {
  link.restore();
  await running.stop();
  await link.close();
  await direct.end({ timeout: 1 });
  await database.drop();
  expect(running.fatal).toEqual([]);
});

async function isHealthy(): Promise<boolean> {
  return (await fetch(`${running.loopback}/healthz`)).ok;
}

describe("while the database is away", () => {
  test("[P9] a QoS 1 publish waits, then its connection closes without PUBACK; CONNECT is answered with 3; it comes back by itself", async () => {
    await start({ WUFEN_LIMIT_COMMIT_WAIT_MS: "1000" });
    const device = await running.addDevice("down-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));

    link.cut();
    await eventually(async () => ((await isHealthy()) ? undefined : true));
    const ping = binaryPing({ fixedAtMs: Date.now(), seq: 2 });
    client.send(publishPacket(pingTopic(device.id), ping, 1, 77));
    const refused = await openRaw(running.broker.mqttPort);
    refused.send(connectPacket(device));
    expect((await refused.wait("connack")).returnCode).toBe(3);
    await client.waitClosed();
    expect(client.packets.filter(({ cmd }) => cmd === "puback")).toEqual([]);

    link.restore();
    await eventually(async () => ((await isHealthy()) ? true : undefined));
    const again = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(again, pingTopic(device.id), ping);
    const rows = await direct`SELECT seq FROM fix WHERE device_no = ${device.no} ORDER BY seq`;
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2]);
    await again.close();
  });

  test("[P9] a short outage is waited through: the publish is acknowledged after it", async () => {
    await start();
    const device = await running.addDevice("short-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    link.cut();
    const acked = publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    await eventually(async () => ((await isHealthy()) ? undefined : true));
    link.restore();
    await acked;
    expect((await direct`SELECT 1 FROM fix WHERE device_no = ${device.no}`).length).toBe(1);
    await client.close();
  });

  test("[P9] QoS 0 is dropped and counted, and the counts are written down afterwards", async () => {
    await start();
    const device = await running.addDevice("zero-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    link.cut();
    await eventually(async () => ((await isHealthy()) ? undefined : true));
    for (let seq = 0; seq < 5; seq++) {
      client.send(publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq }), 0));
    }
    client.send({ cmd: "pingreq" });
    await client.wait("pingresp");
    link.restore();
    await running.refused(device.no, "database-down", 5);
    expect((await direct`SELECT 1 FROM fix WHERE device_no = ${device.no}`).length).toBe(0);
    await client.close();
  });

  test("[P9] a database that takes and does not answer is the same as none, and is used again when it answers", async () => {
    await start({ WUFEN_LIMIT_COMMIT_WAIT_MS: "600" });
    const device = await running.addDevice("frozen-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    link.loseAnswers = true;
    client.send(publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }), 1, 1));
    await client.waitClosed();
    expect(client.packets.filter(({ cmd }) => cmd === "puback")).toEqual([]);
    link.cut();
    link.restore();
    await eventually(async () => ((await isHealthy()) ? true : undefined));
    const again = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(again, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 2 }));
    await again.close();
  });

  test("[P9] OwnTracks over HTTP is answered 503 when the wait is over, so that the app keeps its message", async () => {
    await start({ WUFEN_LIMIT_COMMIT_WAIT_MS: "500" });
    const device = await running.addDevice("http-1");
    link.cut();
    const authorization = `Basic ${Buffer.from(`${device.id}:${device.secret}`).toString("base64")}`;
    const post = () => fetch(`${running.loopback}/pub`, { method: "POST", headers: { authorization }, body });
    const body = ownTracksLocation();
    const refused = await post();
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, "database-down"]);
    link.restore();
    await eventually(async () => ((await post()).status === 200 ? true : undefined));
    expect((await direct`SELECT 1 FROM fix WHERE device_no = ${device.no}`).length).toBe(1);
  });

  test("a device that is disabled during the outage loses its connection after it", async () => {
    await start();
    const device = await running.addDevice("revoked-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    link.cut();
    await direct`UPDATE device SET disabled = true WHERE no = ${device.no}`;
    link.restore();
    await client.waitClosed();
  });
});

describe("a commit whose answer is lost", () => {
  test("[P2, P7] is neither lost nor stored twice, and a reader of numbers misses no row of either epoch", async () => {
    await start();
    const device = await running.addDevice("unknown-1");
    const bus = await BusReader.open(running.busSocket);
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    const firstEpoch = running.broker.epoch();

    link.onSent = (bytes) => {
      if (!bytes.includes("COPY fix ")) return;
      link.onSent = () => undefined;
      link.loseAnswers = true;
    };
    const fixedAtMs = Date.now();
    const acked = publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs, seq: 2 }, { fixedAtMs, seq: 3 }));
    // Committed, and nobody told the broker.
    await eventually(async () => ((await direct`SELECT 1 FROM fix WHERE seq = 3`).length > 0 ? true : undefined));
    link.cut();
    link.restore();
    await acked;

    const rows = await direct<
      { seq: number; epoch: string; n: string }[]
    >`SELECT seq, epoch, n FROM fix ORDER BY epoch, n`;
    expect(rows).toEqual([
      { seq: 1, epoch: String(firstEpoch), n: "1" },
      { seq: 2, epoch: String(firstEpoch), n: "2" },
      { seq: 3, epoch: String(firstEpoch), n: "3" },
    ]);
    expect(running.broker.epoch()).toBeGreaterThan(firstEpoch);
    // The reader hears of a new epoch, which is what makes it read the rest of the old one.
    await bus.wait((frames) =>
      frames.find(({ kind, epoch }) => kind === "heartbeat" && epoch === running.broker.epoch()),
    );
    expect(bus.rows()).toEqual([`${firstEpoch}:1`]);

    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs, seq: 4 }));
    const [last] = await direct`SELECT epoch, n FROM fix WHERE seq = 4`;
    expect(last).toEqual({ epoch: String(running.broker.epoch()), n: "1" });
    bus.close();
    await client.close();
  });

  test("a second process with the same broker number takes over, and the first writes no more", async () => {
    await start();
    const device = await running.addDevice("twin-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const twin = await runBroker({}, { database });
    await eventually(() => (running.fatal.length > 0 ? true : undefined));
    expect(running.fatal[0]?.name).toBe("SupersededError");
    const other = await connectRaw(twin.broker.mqttPort, device);
    await publishAcked(other, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    running.fatal.length = 0;
    await client.close();
    await other.close();
    await twin.stop();
  });
});
