import { pingTopic } from "@wufen/contract";
import mqttPacket from "mqtt-packet";
import { afterEach, expect, test } from "vitest";
import { BusReader } from "./support/bus-reader.ts";
import { binaryPing } from "./support/pings.ts";
import { connectPacket, connectRaw, openRaw, publishAcked, publishPacket } from "./support/raw-client.ts";
import { eventually, type RunningBroker, runBroker } from "./support/running-broker.ts";

let running: RunningBroker | undefined;

afterEach(async () => {
  await running?.stop();
  expect(running?.fatal ?? []).toEqual([]);
  running = undefined;
});

async function start(env: Record<string, string>): Promise<RunningBroker> {
  running = await runBroker(env);
  return running;
}

test("a flooder is held to its rate and loses nothing; others are acknowledged meanwhile", async () => {
  const { broker, addDevice, sql } = await start({
    WUFEN_LIMIT_PUBLISHES_PER_SECOND: "100",
    WUFEN_LIMIT_PUBLISH_BURST: "50",
    WUFEN_LIMIT_WAITING_PER_DEVICE: "4",
  });
  const flooder = await addDevice("flooder-1");
  const other = await addDevice("other-1");
  const flood = await connectRaw(broker.mqttPort, flooder);
  const calm = await connectRaw(broker.mqttPort, other);
  const startedMs = Date.now();
  const packets = Array.from({ length: 300 }, (_, seq) =>
    mqttPacket.generate(
      publishPacket(pingTopic(flooder.id), binaryPing({ fixedAtMs: startedMs - seq, seq }), 1, seq + 1),
    ),
  );
  flood.sendBytes(Buffer.concat(packets));
  await publishAcked(calm, pingTopic(other.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
  const ackedMeanwhile = flood.packets.filter(({ cmd }) => cmd === "puback").length;
  expect(ackedMeanwhile).toBeLessThan(300);
  await flood.wait("puback", ({ messageId }) => messageId === 300);
  // 50 at once, 250 at 100 a second.
  expect(Date.now() - startedMs).toBeGreaterThan(2400);
  const [row] = await sql`SELECT count(*)::int AS count FROM fix WHERE device_no = ${flooder.no}`;
  expect(row).toEqual({ count: 300 });
  await flood.close();
  await calm.close();
});

test("QoS 0 above the number that may wait is held too, and arrives though the sender has gone", async () => {
  const { broker, addDevice, sql } = await start({
    WUFEN_LIMIT_WAITING_PER_DEVICE: "2",
    WUFEN_LIMIT_PUBLISH_BURST: "1000",
  });
  const device = await addDevice("zero-1");
  const client = await openRaw(broker.mqttPort);
  const startedMs = Date.now();
  const packets = Array.from({ length: 100 }, (_, seq) =>
    publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: startedMs - seq, seq }), 0),
  );
  client.sendBytes(
    Buffer.concat(
      [connectPacket(device), ...packets, { cmd: "disconnect" } as const].map((p) => mqttPacket.generate(p)),
    ),
  );
  client.conn.end();
  await client.waitClosed();
  await eventually(async () => {
    const [row] = await sql`SELECT count(*)::int AS count FROM fix WHERE device_no = ${device.no}`;
    return row?.count === 100 ? true : undefined;
  });
});

test("too many waiting in all hold everyone until there is room, and nothing is lost", async () => {
  const { broker, addDevice, sql } = await start({ WUFEN_LIMIT_WAITING: "10", WUFEN_LIMIT_BATCH_ROWS: "5" });
  const devices = await Promise.all(Array.from({ length: 6 }, (_, i) => addDevice(`many-${i}`)));
  await Promise.all(
    devices.map(async (device) => {
      const client = await connectRaw(broker.mqttPort, device);
      const packets = Array.from({ length: 20 }, (_, seq) =>
        mqttPacket.generate(
          publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq }), 1, seq + 1),
        ),
      );
      client.sendBytes(Buffer.concat(packets));
      for (let messageId = 1; messageId <= 20; messageId++)
        await client.wait("puback", (packet) => packet.messageId === messageId);
      await client.close();
    }),
  );
  const [row] = await sql`SELECT count(*)::int AS count FROM fix`;
  expect(row).toEqual({ count: 120 });
});

test("a bus reader that does not read is cut; the others get every row", async () => {
  const { broker, addDevice, busSocket, metrics } = await start({ WUFEN_LIMIT_BUS_BUFFER_BYTES: "20000" });
  const device = await addDevice("bus-1");
  const client = await connectRaw(broker.mqttPort, device);
  const slow = await BusReader.open(busSocket);
  const good = await BusReader.open(busSocket);
  slow.socket.pause();
  let rows = 0;
  for (let seq = 0; (await metrics()).busReaders === 2; seq += 120) {
    const fixes = Array.from({ length: 120 }, (_, i) => ({ fixedAtMs: Date.now(), seq: seq + i }));
    await publishAcked(client, pingTopic(device.id), binaryPing(...fixes));
    rows += 120;
  }
  await good.wait(() => (good.rows().length >= rows ? true : undefined));
  expect(good.rows().map((row) => Number(row.split(":")[1]))).toEqual(Array.from({ length: rows }, (_, i) => i + 1));
  good.close();
  slow.close();
  await client.close();
});

test("a broker whose event loop is late turns new connections away", async () => {
  const { broker, addDevice } = await start({
    WUFEN_LIMIT_EVENT_LOOP_DELAY_MS: "5",
    WUFEN_LIMIT_FLAPS_PER_MINUTE: "1000000",
  });
  const device = await addDevice("shed-1");
  const code = async () => {
    const client = await openRaw(broker.mqttPort);
    client.send(connectPacket(device));
    const { returnCode } = await client.wait("connack");
    await client.close();
    return returnCode;
  };
  expect(
    await eventually(async () => {
      const busyUntil = performance.now() + 60;
      while (performance.now() < busyUntil);
      return (await code()) === 3 ? 3 : undefined;
    }),
  ).toBe(3);
});

test("at its start whoever an earlier process left online is offline", async () => {
  const first = await start({});
  const device = await first.addDevice("left-1");
  await first.sql`INSERT INTO device_presence VALUES (${device.no}, true, now(), 1, ${first.broker.epoch()})`;
  const second = await runBroker({}, { database: first.database });
  const [row] = await first.sql`SELECT online FROM device_presence WHERE device_no = ${device.no}`;
  expect(row).toEqual({ online: false });
  const reader = await BusReader.open(second.busSocket);
  const changes = await reader.wait((frames) => frames.find((frame) => frame.kind === "presence"));
  expect(changes).toMatchObject({ changes: [{ deviceNo: device.no, online: false }] });
  reader.close();
  await second.stop();
  await eventually(() => (first.fatal.length > 0 ? true : undefined));
  first.fatal.length = 0;
});

test("stopping commits and acknowledges what waits, then closes", async () => {
  const { broker, addDevice, sql, fatal, database } = await start({ WUFEN_LIMIT_BATCH_DELAY_MS: "50" });
  const device = await addDevice("stop-1");
  const client = await connectRaw(broker.mqttPort, device);
  client.send(publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }), 1, 5));
  await eventually(async () => ((await running!.metrics()).waiting === 1 ? true : undefined));
  const stopped = broker.stop();
  await client.wait("puback");
  await client.waitClosed();
  await stopped;
  expect((await sql`SELECT 1 FROM fix WHERE device_no = ${device.no}`).length).toBe(1);
  expect((await sql`SELECT online FROM device_presence WHERE device_no = ${device.no}`)[0]).toEqual({ online: false });
  expect(fatal).toEqual([]);
  await sql.end({ timeout: 1 });
  await database.drop();
  running = undefined as never;
});

test("[P7] a message larger than a batch is acknowledged when all of it is stored", async () => {
  const { broker, addDevice, sql } = await start({ WUFEN_LIMIT_BATCH_ROWS: "5", WUFEN_LIMIT_BATCH_DELAY_MS: "0" });
  const device = await addDevice("large-1");
  const client = await connectRaw(broker.mqttPort, device);
  for (let round = 0; round < 20; round++) {
    const before = publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 5000 + round }), 0);
    client.send(before);
    const fixes = Array.from({ length: 119 }, (_, i) => ({ fixedAtMs: Date.now() - round, seq: round * 200 + i }));
    await publishAcked(client, pingTopic(device.id), binaryPing(...fixes));
    const [row] =
      await sql`SELECT count(*)::int AS count FROM fix WHERE seq >= ${round * 200} AND seq < ${round * 200 + 119}`;
    expect(row).toEqual({ count: 119 });
  }
  await client.close();
});
