import { commandTopic, ownTracksCommandTopic, ownTracksTopic, pingTopic, statusTopic } from "@wufen/contract";
import mqttPacket from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BusReader } from "./support/bus-reader.ts";
import { binaryPing } from "./support/pings.ts";
import {
  connectPacket,
  connectRaw,
  openRaw,
  publishAcked,
  publishPacket,
  type RawClient,
} from "./support/raw-client.ts";
import { eventually, PROXY_KEY, type RunningBroker, runBroker, type TestDevice } from "./support/running-broker.ts";

let running: RunningBroker;

beforeAll(async () => {
  running = await runBroker({
    WUFEN_LIMIT_CONNECT_TIMEOUT_MS: "300",
    WUFEN_LIMIT_SUBSCRIPTIONS_PER_DEVICE: "2",
    WUFEN_LIMIT_COMMAND_QUEUE: "3",
    WUFEN_LIMIT_DRAIN_TIMEOUT_MS: "200",
  });
});
afterAll(async () => {
  await running.stop();
  expect(running.fatal).toEqual([]);
});

async function connackCode(
  device: TestDevice,
  options: Parameters<typeof connectPacket>[1] = {},
): Promise<number | undefined> {
  const client = await openRaw(running.broker.mqttPort);
  client.send(connectPacket(device, options));
  const { returnCode } = await client.wait("connack");
  await client.close();
  return returnCode;
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${running.loopback}${path}`, {
    method: "POST",
    headers: { "x-wufen-proxy-key": PROXY_KEY },
    body: JSON.stringify(body),
  });
}

describe("CONNECT", () => {
  test("is answered by what is wrong with it, and each refusal is counted", async () => {
    const device = await running.addDevice("connect-1");
    expect(await connackCode(device)).toBe(0);
    expect(await connackCode(device, { protocolVersion: 3 })).toBe(0);
    expect(await connackCode(device, { clientId: "", clean: true })).toBe(0);
    // No library sends this one: the flag of the clean session is taken out of the bytes.
    const nameless = await openRaw(running.broker.mqttPort);
    const bytes = mqttPacket.generate(connectPacket(device, { clientId: "", clean: true }));
    bytes[9]! &= ~2;
    nameless.sendBytes(bytes);
    expect((await nameless.wait("connack")).returnCode).toBe(2);
    expect(await connackCode(device, { clientId: "someone-else" })).toBe(2);
    await running.refused(device.no, "client-id-not-own", 2);
    expect(await connackCode({ ...device, secret: "guess" })).toBe(4);
    await running.refused(device.no, "bad-credentials");
    expect(await connackCode({ ...device, id: "nobody-1" })).toBe(4);
    await running.refused(0, "bad-credentials");
    expect(await connackCode(device, { protocolVersion: 5 })).toBe(1);
    await running.refused(0, "protocol-version");
  });

  test("[O1] of an ankle monitor is refused while no order can be in force; of a disabled device too", async () => {
    const monitor = await running.addDevice("monitor-1", { kind: "ankle-monitor" });
    expect(await connackCode(monitor)).toBe(5);
    await running.refused(monitor.no, "no-order");
    const disabled = await running.addDevice("disabled-1", { disabled: true });
    expect(await connackCode(disabled)).toBe(5);
    await running.refused(disabled.no, "device-disabled");
  });

  test("that does not come in time closes the socket", async () => {
    const client = await openRaw(running.broker.mqttPort);
    await client.waitClosed();
    await running.refused(0, "connect-timeout");
  });

  test("above the size limit is cut before it is there, also byte by byte", async () => {
    const whole = await openRaw(running.broker.mqttPort);
    whole.sendBytes(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await whole.waitClosed();
    const pieces = await openRaw(running.broker.mqttPort);
    for (const byte of [0x10, 0x81, 0x20]) pieces.sendBytes(Buffer.from([byte]));
    await pieces.waitClosed();
    await running.refused(0, "oversized", 2);
  });

  test("and everything after it may come byte by byte", async () => {
    const device = await running.addDevice("bytewise-1");
    const client = await openRaw(running.broker.mqttPort);
    const bytes = Buffer.concat(
      [
        connectPacket(device),
        publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }), 1, 5),
      ].map((packet) => mqttPacket.generate(packet)),
    );
    for (const byte of bytes) client.sendBytes(Buffer.from([byte]));
    await client.wait("puback");
    await client.close();
  });

  test("is banned for a while where a device comes again and again", async () => {
    const device = await running.addDevice("flapping-1");
    for (let i = 0; i < 15; i++) expect(await connackCode(device)).toBe(0);
    expect(await connackCode(device)).toBe(3);
    await running.refused(device.no, "flapping");
  });
});

describe("a connection", () => {
  test("ends at once when its device is disabled, gets a new secret or is deleted", async () => {
    const changes: [string, (no: number) => Promise<unknown>][] = [
      ["gone-1", (no) => running.sql`UPDATE device SET disabled = true WHERE no = ${no}`],
      ["gone-2", (no) => running.sql`UPDATE device SET secret_hash = sha256('other') WHERE no = ${no}`],
      ["gone-3", (no) => running.sql`DELETE FROM device WHERE no = ${no}`],
    ];
    for (const [id, change] of changes) {
      const device = await running.addDevice(id);
      const client = await connectRaw(running.broker.mqttPort, device);
      await change(device.no);
      await client.waitClosed();
      expect(await connackCode(device)).not.toBe(0);
    }
  });

  test("is taken over by a newer one of the same device, which does not make the device go offline", async () => {
    const bus = await BusReader.open(running.busSocket);
    const device = await running.addDevice("takeover-1");
    const will = {
      topic: statusTopic(device.id),
      payload: Buffer.from('{"state":"offline"}'),
      qos: 1 as const,
      retain: true,
    };
    const first = await connectRaw(running.broker.mqttPort, device, { will });
    const second = await connectRaw(running.broker.mqttPort, device, { will });
    await first.waitClosed();
    await publishAcked(second, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    await second.close();
    const seen = await bus.wait((frames) => {
      const changes = frames.flatMap((frame) =>
        frame.kind === "presence" ? frame.changes.filter(({ deviceNo }) => deviceNo === device.no) : [],
      );
      return changes.at(-1)?.online === false ? changes.map(({ online }) => online) : undefined;
    });
    // One batch of changes says only the last state, so `true` may be missing; a second `false` may not be there.
    expect(seen.filter((online) => !online)).toEqual([false]);
    await eventually(async () => {
      const [row] = await running.sql`SELECT online FROM device_presence WHERE device_no = ${device.no}`;
      return row?.online === false ? true : undefined;
    });
    bus.close();
  });

  test("presence is in the database while it lasts", async () => {
    const device = await running.addDevice("present-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    const online = () => running.sql`SELECT online FROM device_presence WHERE device_no = ${device.no}`;
    await eventually(async () => ((await online())[0]?.online === true ? true : undefined));
    const reader = await BusReader.open(running.busSocket);
    await reader.wait((frames) =>
      frames.find(
        (frame) =>
          frame.kind === "presence" && frame.changes.some((change) => change.deviceNo === device.no && change.online),
      ),
    );
    reader.close();
    await client.close();
    await eventually(async () => ((await online())[0]?.online === false ? true : undefined));
  });

  test("closes on a topic with NUL or of the broker's own; on another device's topic the publish is acknowledged and dropped", async () => {
    const device = await running.addDevice("topics-1");
    const other = await running.addDevice("topics-2");
    for (const topic of ["$SYS/broker/load", `wufen/${device.id}/pi\0ng`, "wufen/#", "a/+/b"]) {
      const client = await connectRaw(running.broker.mqttPort, device);
      client.send(publishPacket("wufen/x/y", "x", 0));
      client.sendBytes(rawPublish(topic));
      await client.waitClosed();
    }
    const client = await connectRaw(running.broker.mqttPort, device);
    await publishAcked(client, pingTopic(other.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    await running.refused(device.no, "topic-not-allowed", 1);
    expect(await running.sql`SELECT 1 FROM fix WHERE device_no IN (${device.no}, ${other.no})`).toEqual([]);
    await client.close();
  });
});

describe("subscriptions", () => {
  test("other than its own commands are answered with 0x80, counted, and leave the connection as it is", async () => {
    const device = await running.addDevice("subscribe-1");
    const client = await connectRaw(running.broker.mqttPort, device, { clean: false });
    const granted = await subscribe(client, [
      "owntracks/+/+",
      "#",
      pingTopic("subscribe-2"),
      "$SYS/#",
      ownTracksCommandTopic(device.id),
    ]);
    expect(granted).toEqual([128, 128, 128, 128, 1]);
    await running.refused(device.no, "subscription-not-allowed", 4);
    expect(await subscribe(client, [commandTopic(device.id)])).toEqual([1]);
    // Two is the limit here.
    expect(await subscribe(client, [`owntracks/${device.id}/phone/cmd`])).toEqual([128]);
    await client.close();
    // The session kept only what was granted.
    const again = await connectRaw(running.broker.mqttPort, device, { clean: false });
    expect((await again.wait("connack")).sessionPresent).toBe(true);
    await post(`/commands/${device.id}`, {
      protocol: "owntracks",
      command: { _type: "cmd", action: "reportLocation" },
    });
    await again.wait("publish", ({ topic }) => topic === ownTracksCommandTopic(device.id));
    await again.close();
  });

  test("bring commands, also those sent while the device was away, up to the limit", async () => {
    const device = await running.addDevice("command-1");
    const client = await connectRaw(running.broker.mqttPort, device, { clean: false });
    expect(await subscribe(client, [commandTopic(device.id)])).toEqual([1]);
    await client.close();
    for (let i = 0; i < 5; i++) {
      const sent = await post(`/commands/${device.id}`, {
        protocol: "binary",
        command: { id: `c${i}`, action: "report-now" },
      });
      expect(sent.status).toBe(202);
    }
    const again = await connectRaw(running.broker.mqttPort, device, { clean: false });
    for (const id of ["c2", "c3", "c4"]) {
      await again.wait("publish", ({ payload }) => JSON.parse(payload.toString()).id === id);
    }
    expect(again.packets.filter(({ cmd }) => cmd === "publish").length).toBe(3);
    await again.close();
  });

  test("a burst of commands above the queue's limit reaches a connected device whole", async () => {
    const device = await running.addDevice("burst-1");
    const client = await connectRaw(running.broker.mqttPort, device, { clean: false });
    await subscribe(client, [commandTopic(device.id)]);
    const ids = Array.from({ length: 20 }, (_, i) => `b${i}`);
    await Promise.all(
      ids.map((id) => post(`/commands/${device.id}`, { protocol: "binary", command: { id, action: "report-now" } })),
    );
    for (const wanted of ids)
      await client.wait("publish", ({ payload }) => JSON.parse(payload.toString()).id === wanted);
    await client.close();
  });

  test("nothing a device publishes is retained or delivered to anyone", async () => {
    const device = await running.addDevice("retain-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    await subscribe(client, [`owntracks/${device.id}/${device.id}/info`]);
    client.send({
      ...publishPacket(`owntracks/${device.id}/${device.id}/info`, '{"_type":"card"}', 1, 3),
      retain: true,
    } as never);
    await client.wait("puback");
    await subscribe(client, [`owntracks/${device.id}/${device.id}/info`]);
    client.send({ cmd: "pingreq" });
    await client.wait("pingresp");
    expect(client.packets.filter(({ cmd }) => cmd === "publish")).toEqual([]);
    await client.close();
  });

  for (const qos of [0, 1, 2] as const) {
    test(`no device commands another, awake or away, by a publish or a last will with QoS ${qos}`, async () => {
      const victim = await running.addDevice(`victim-${qos}`);
      const forger = await running.addDevice(`forger-${qos}`);
      const topics = [commandTopic(victim.id), ownTracksCommandTopic(victim.id)];
      const order = '{"_type":"cmd","action":"setConfiguration","configuration":{"host":"198.51.100.1"}}';
      const forge = async () => {
        for (const topic of topics) {
          const will = { topic, payload: Buffer.from(order), qos, retain: true } as const;
          const client = await connectRaw(running.broker.mqttPort, forger, { will });
          client.send(publishPacket(topic, order, qos, 7));
          if (qos === 2) {
            await client.wait("pubrec");
            client.send({ cmd: "pubrel", messageId: 7 });
          }
          client.send({ cmd: "pingreq" });
          await client.wait("pingresp");
          await client.close();
        }
      };
      const awake = await connectRaw(running.broker.mqttPort, victim, { clean: false });
      expect(await subscribe(awake, topics)).toEqual([1, 1]);
      await forge();
      await running.refused(forger.no, "topic-not-allowed", 4);
      await awake.close();
      await forge();
      await running.refused(forger.no, "topic-not-allowed", 8);

      const again = await connectRaw(running.broker.mqttPort, victim, { clean: false });
      await post(`/commands/${victim.id}`, { protocol: "binary", command: { id: "ours", action: "report-now" } });
      await again.wait("publish", ({ payload }) => payload.toString().includes("ours"));
      const said = [awake, again].flatMap(({ packets }) => packets).filter(({ cmd }) => cmd === "publish");
      expect(said.map((packet) => "payload" in packet && String(packet.payload))).toEqual([
        expect.stringContaining("ours"),
      ]);
      await again.close();
    });
  }

  test("a reader that does not read is cut and counted", async () => {
    const device = await running.addDevice("slow-1");
    const client = await connectRaw(running.broker.mqttPort, device);
    await subscribe(client, [ownTracksCommandTopic(device.id)]);
    client.conn.pause();
    const command = { _type: "cmd", action: "setConfiguration", configuration: { waste: "x".repeat(3500) } };
    let unread = true;
    const counted = running.refused(device.no, "slow-consumer").then(() => {
      unread = false;
    });
    while (unread) {
      await Promise.all(
        Array.from({ length: 50 }, () => post(`/commands/${device.id}`, { protocol: "owntracks", command })),
      );
    }
    await counted;
    client.conn.resume();
    await client.waitClosed();
  });
});

describe("commands", () => {
  test("need the API's key, a known device and a command of the contract", async () => {
    const device = await running.addDevice("command-2");
    const body = { protocol: "binary", command: { id: "1", action: "report-now" } };
    const without = await fetch(`${running.loopback}/commands/${device.id}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    expect(without.status).toBe(403);
    expect((await post("/commands/nobody-9", body)).status).toBe(404);
    expect((await post(`/commands/${device.id}`, { protocol: "binary", command: { action: "explode" } })).status).toBe(
      400,
    );
    expect(await (await post(`/commands/${device.id}`, body)).json()).toEqual({ connected: false });
  });
});

async function subscribe(client: RawClient, topics: string[]): Promise<unknown> {
  client.packets.splice(0, client.packets.length, ...client.packets.filter(({ cmd }) => cmd !== "suback"));
  client.send({ cmd: "subscribe", messageId: 21, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
  return (await client.wait("suback")).granted;
}

/** A PUBLISH that a well-behaved library would not write. */
function rawPublish(topic: string): Buffer {
  const name = Buffer.from(topic, "utf8");
  return Buffer.concat([Buffer.from([0x30, name.length + 3, 0, name.length]), name, Buffer.from("x")]);
}

test("OwnTracks location topic with its device level other than the id is the device's own", async () => {
  const device = await running.addDevice("own-1");
  const client = await connectRaw(running.broker.mqttPort, device);
  await publishAcked(
    client,
    `owntracks/${device.id}/phone`,
    JSON.stringify({ _type: "location", lat: 30, lon: 114, tst: Math.floor(Date.now() / 1000) }),
  );
  await publishAcked(client, ownTracksTopic(device.id), '{"_type":"lwt","tst":1786000000}');
  expect((await running.sql`SELECT 1 FROM fix WHERE device_no = ${device.no}`).length).toBe(1);
  await client.close();
});
