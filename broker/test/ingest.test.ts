import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { FIX_FLAG, ownTracksTopic, pingTopic, statusTopic } from "@wufen/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BusReader } from "./support/bus-reader.ts";
import { binaryPing, ownTracksLocation } from "./support/pings.ts";
import { connectRaw, publishAcked, publishPacket } from "./support/raw-client.ts";
import { type RunningBroker, runBroker } from "./support/running-broker.ts";

let running: RunningBroker;
let bus: BusReader;

beforeAll(async () => {
  running = await runBroker();
  bus = await BusReader.open(running.busSocket);
});
afterAll(async () => {
  bus.close();
  await running.stop();
  expect(running.fatal).toEqual([]);
});

function stored(deviceNo: number) {
  return running.sql`SELECT * FROM fix WHERE device_no = ${deviceNo} ORDER BY fixed_at, seq`;
}

describe("a publish", () => {
  test("[P7] is acknowledged after its fixes are in the database, and then said on the bus with their numbers", async () => {
    const device = await running.addDevice("acked-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const fixedAtMs = Date.now();
    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs, seq: 7 }));
    const [row] = await stored(device.no);
    expect(row).toMatchObject({
      seq: 7,
      lng_e7: 1_143_000_000,
      lat_e7: 301_000_000,
      accuracy_dm: 80,
      battery_percent: 80,
    });
    expect((row!.fixed_at as Date).getTime()).toBe(fixedAtMs);
    const fix = await bus.wait((frames) =>
      frames
        .flatMap((frame) =>
          frame.kind === "fixes" ? frame.fixes.map((f, i) => ({ f, n: frame.firstN + i, frame })) : [],
        )
        .find(({ f }) => f.deviceNo === device.no),
    );
    expect(fix.f).toMatchObject({ fixedAtMs, seq: 7 });
    expect({ epoch: String(fix.frame.epoch), n: String(fix.n) }).toEqual({ epoch: row!.epoch, n: row!.n });
    await client.close();
  });

  test("[P2] the same fix twice is one row, acknowledged both times, and counted", async () => {
    const device = await running.addDevice("twice-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const ping = binaryPing({ fixedAtMs: Date.now(), seq: 1 }, { fixedAtMs: Date.now() - 1000, seq: 2 });
    await publishAcked(client, pingTopic(device.id), ping);
    await publishAcked(client, pingTopic(device.id), ping);
    // Twice in one batch too.
    const again = binaryPing({ fixedAtMs: Date.now(), seq: 3 });
    await Promise.all([
      publishAcked(client, pingTopic(device.id), again),
      publishAcked(client, pingTopic(device.id), again),
    ]);
    expect((await stored(device.no)).length).toBe(3);
    await running.refused(device.no, "duplicate", 3);
    await client.close();
  });

  test("[P2] a batch with a row that is long stored goes through duplicates without a hole in the numbers", async () => {
    const device = await running.addDevice("dup-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const t = Date.now() - 60_000;
    const fixes = Array.from({ length: 60 }, (_, i) => ({ fixedAtMs: t + i, seq: i }));
    await publishAcked(client, pingTopic(device.id), binaryPing(...fixes));
    // The first 30 are no longer among the recent ones; every other fix is new.
    const mixed = fixes.slice(0, 30).flatMap((fix) => [fix, { fixedAtMs: fix.fixedAtMs, seq: fix.seq + 1000 }]);
    await publishAcked(client, pingTopic(device.id), binaryPing(...mixed));
    expect((await stored(device.no)).length).toBe(90);
    await running.refused(device.no, "duplicate", 30);
    const [{ holes }] = (await running.sql`
      SELECT count(*)::int AS holes FROM (SELECT n - lag(n) OVER (PARTITION BY epoch ORDER BY n) AS step FROM fix) s WHERE step <> 1`) as unknown as [
      { holes: number },
    ];
    expect(holes).toBe(0);
    const rows = await running.sql`SELECT epoch || ':' || n AS row FROM fix ORDER BY epoch, n`;
    await bus.wait(() => (bus.rows().length >= rows.length ? true : undefined));
    expect(bus.rows()).toEqual(rows.map(({ row }) => row));
    await client.close();
  });

  test("[P3] a fix of an earlier day is stored, in a partition that is made for it", async () => {
    const device = await running.addDevice("late-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const fixedAtMs = Date.now() - 9.5 * 86_400_000;
    await publishAcked(
      client,
      pingTopic(device.id),
      binaryPing({ fixedAtMs, seq: 1 }, { fixedAtMs: Date.now(), seq: 2 }),
    );
    expect((await stored(device.no)).length).toBe(2);
    await client.close();
  });

  test("[P4] future and too old fixes are refused, counted and acknowledged", async () => {
    const device = await running.addDevice("time-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const now = Date.now();
    await publishAcked(
      client,
      pingTopic(device.id),
      binaryPing(
        { fixedAtMs: now + 200_000, seq: 1 },
        { fixedAtMs: now - 31 * 86_400_000, seq: 2 },
        { fixedAtMs: now, seq: 3 },
      ),
    );
    expect((await stored(device.no)).map(({ seq }) => seq)).toEqual([3]);
    await running.refused(device.no, "future");
    await running.refused(device.no, "too-old");
    await client.close();
  });

  test("[P6] malformed payloads are acknowledged and counted", async () => {
    const device = await running.addDevice("malformed-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, pingTopic(device.id), "W nonsense");
    await publishAcked(client, ownTracksTopic(device.id), '{"_type":"encrypted","data":"x"}');
    await publishAcked(client, ownTracksTopic(device.id), '{"_type":"location","lat":91,"lon":0,"tst":1}');
    await running.refused(device.no, "malformed", 3);
    await client.close();
  });

  test("what is no position is acknowledged and not stored", async () => {
    const device = await running.addDevice("other-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const topic = ownTracksTopic(device.id);
    await publishAcked(client, topic, "");
    await publishAcked(
      client,
      `${topic}/event`,
      '{"_type":"transition","event":"enter","tst":1786000000,"desc":"Beat 4"}',
    );
    await publishAcked(client, `${topic}/waypoints`, '{"_type":"waypoints","waypoints":[]}');
    await publishAcked(client, `${topic}/status`, '{"_type":"status"}');
    await publishAcked(client, statusTopic(device.id), '{"state":"online"}');
    expect(await stored(device.no)).toEqual([]);
    expect((await running.metrics()).waiting).toBe(0);
    await client.close();
  });

  test("of an off-duty unit's device is dropped and counted, from the moment the status changes", async () => {
    const device = await running.addDevice("duty-1");
    await running.sql`INSERT INTO unit (id, callsign, kind, device_no) VALUES ('u-duty', 'Duty 1', 'foot', ${device.no})`;
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 0 }));
    await running.sql`UPDATE unit SET status = 'off-duty' WHERE id = 'u-duty'`;
    let seq = 1;
    // The change travels by notification; from its arrival on nothing is stored.
    for (let before = -1, after = 0; before !== after; ) {
      before = (await stored(device.no)).length;
      await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: seq++ }));
      after = (await stored(device.no)).length;
    }
    await running.refused(device.no, "off-duty");
    await running.sql`UPDATE unit SET device_no = NULL WHERE id = 'u-duty'`;
    for (let before = 0, after = 0; before === after; ) {
      before = (await stored(device.no)).length;
      await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: seq++ }));
      after = (await stored(device.no)).length;
    }
    await client.close();
  });

  test("of a device registered as GCJ-02 is stored as WGS-84", async () => {
    const device = await running.addDevice("gcj-1", { datum: "gcj02" });
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, ownTracksTopic(device.id), ownTracksLocation({ lat: 30.65, lon: 104.06 }));
    const [row] = await stored(device.no);
    const eastM = (1_040_600_000 - (row!.lng_e7 as number)) * 1e-7 * 111_320 * Math.cos((30.65 * Math.PI) / 180);
    const northM = (306_500_000 - (row!.lat_e7 as number)) * 1e-7 * 110_570;
    expect(Math.hypot(eastM, northM)).toBeGreaterThan(200);
    expect(Math.hypot(eastM, northM)).toBeLessThan(700);
    await client.close();
  });

  test("QoS 0 and QoS 2 are stored too", async () => {
    const device = await running.addDevice("qos-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    client.send(publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }), 0));
    client.send(publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 2 }), 2, 9));
    await client.wait("pubrec");
    client.send({ cmd: "pubrel", messageId: 9 });
    await client.wait("pubcomp");
    expect((await stored(device.no)).length).toBe(2);
    await client.close();
  });

  test("of OwnTracks form by mosquitto_pub, 3.1 and 3.1.1, is stored with speed in cm/s", async () => {
    const device = await running.addDevice("mosquitto-1");
    const tst = Math.floor(Date.now() / 1000);
    for (const [version, t] of [
      ["mqttv31", "u"],
      ["mqttv311", "p"],
    ]) {
      await promisify(execFile)("mosquitto_pub", [
        ...["-h", "127.0.0.1", "-p", String(running.broker.mqttPort), "-V", version!, "-i", device.id],
        ...["-u", device.id, "-P", device.secret, "-q", "1", "-r", "-t", ownTracksTopic(device.id)],
        ...["-m", ownTracksLocation({ tst, vel: 36, t })],
      ]);
    }
    const rows = await stored(device.no);
    expect(rows.map(({ speed_cms, flags }) => [speed_cms, (flags as number) & FIX_FLAG.aliveOnly]).sort()).toEqual([
      [1000, 0],
      [1000, FIX_FLAG.aliveOnly],
    ]);
  });
});
