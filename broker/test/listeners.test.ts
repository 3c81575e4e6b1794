import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { ownTracksTopic, pingTopic } from "@wufen/contract";
import mqttPacket from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WebSocketStream } from "../src/listeners/websocket-stream.ts";
import { binaryPing, ownTracksLocation } from "./support/pings.ts";
import { connectPacket, publishAcked, publishPacket, RawClient } from "./support/raw-client.ts";
import { eventually, PROXY_KEY, type RunningBroker, runBroker, type TestDevice } from "./support/running-broker.ts";

const run = promisify(execFile);
let running: RunningBroker;
let folder: string;

/** A self-signed certificate with the given name, by the OpenSSL that comes with every system. */
async function makeCertificate(name: string): Promise<void> {
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${name}`, "-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
  ]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wufen-tls-"));
  await makeCertificate("first");
  running = await runBroker({
    WUFEN_MQTTS_PORT: "0",
    WUFEN_TLS_CERT: join(folder, "cert.pem"),
    WUFEN_TLS_KEY: join(folder, "key.pem"),
    WUFEN_LIMIT_CONNECTIONS_PER_ADDRESS: "40",
  });
});
afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(running.fatal).toEqual([]);
});

async function openTls() {
  const socket = connectTls({ host: "127.0.0.1", port: running.broker.mqttsPort!, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return socket;
}

describe("MQTT over TLS", () => {
  test("takes pings", async () => {
    const device = await running.addDevice("tls-1");
    const client = new RawClient(await openTls());
    client.send(connectPacket(device));
    expect((await client.wait("connack")).returnCode).toBe(0);
    await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    await client.close();
  });

  test("uses new files for new connections, and keeps the old certificate where the files are broken", async () => {
    await makeCertificate("second");
    await running.broker.reloadCertificate();
    const socket = await openTls();
    expect(socket.getPeerCertificate().subject.CN).toBe("second");
    socket.destroy();
    writeFileSync(join(folder, "cert.pem"), "no certificate");
    await running.broker.reloadCertificate();
    const again = await openTls();
    expect(again.getPeerCertificate().subject.CN).toBe("second");
    again.destroy();
  });

  test("notices new files by itself", async () => {
    await makeCertificate("third");
    await eventually(async () => {
      const socket = await openTls();
      const name = socket.getPeerCertificate().subject.CN;
      socket.destroy();
      return name === "third" ? true : undefined;
    });
  });

  test("a client that speaks no TLS is closed and gives its place back", async () => {
    for (let i = 0; i < 60; i++) {
      const socket = connect(running.broker.mqttsPort!, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("hello, this is plain text\r\n\r\n");
      await once(socket, "close");
    }
    (await openTls()).destroy();
  });
});

describe("MQTT over WebSocket", () => {
  for (const protocols of [["mqtt"], ["mqttv3.1"], []]) {
    test(`takes pings with sub-protocol ${protocols[0] ?? "none"}, and sends each packet as one frame`, async () => {
      const device = await running.addDevice(`ws-${protocols[0]?.replace(".", "") ?? "none"}`);
      const socket = new WebSocket(`${running.loopback.replace("http", "ws")}/mqtt`, protocols);
      const frames: Buffer[] = [];
      socket.on("message", (data: Buffer) => frames.push(data));
      await once(socket, "open");
      expect(socket.protocol).toBe(protocols[0] ?? "");
      const client = new RawClient(new WebSocketStream(socket));
      client.send(connectPacket(device));
      await client.wait("connack");
      await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
      expect(frames.map((frame) => [...frame.subarray(0, 2)])).toEqual([
        [0x20, 2],
        [0x40, 2],
      ]);
      await client.close();
    });
  }

  test("two packets in one frame, and one packet in many", async () => {
    const device = await running.addDevice("ws-frames");
    const socket = new WebSocket(`${running.loopback.replace("http", "ws")}/mqtt`, ["mqtt"]);
    await once(socket, "open");
    const client = new RawClient(new WebSocketStream(socket));
    const ping = publishPacket(pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }), 1, 9);
    socket.send(Buffer.concat([connectPacket(device), ping].map((packet) => mqttPacket.generate(packet))));
    await client.wait("puback", ({ messageId }) => messageId === 9);
    for (const byte of mqttPacket.generate({ ...ping, messageId: 10 } as never)) socket.send(Buffer.from([byte]));
    await client.wait("puback", ({ messageId }) => messageId === 10);
    await client.close();
  });

  test("limits count the address that the API names, and only with its key", async () => {
    const open = async (headers: Record<string, string>) => {
      const socket = new WebSocket(`${running.loopback.replace("http", "ws")}/mqtt`, ["mqtt"], { headers });
      const opened = await new Promise<boolean>((resolve) => {
        socket.on("open", () => resolve(true));
        socket.on("error", () => resolve(false));
      });
      return { socket, opened };
    };
    const forged = await Promise.all(
      Array.from({ length: 41 }, (_, i) => open({ "x-wufen-client-address": `10.0.0.${i}` })),
    );
    expect(forged.filter(({ opened }) => !opened).length).toBeGreaterThan(0);
    await running.refused(0, "too-many-connections");
    for (const { socket } of forged) socket.terminate();
    const honest = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        open({ "x-wufen-client-address": `10.0.1.${i}`, "x-wufen-proxy-key": PROXY_KEY }),
      ),
    );
    expect(honest.every(({ opened }) => opened)).toBe(true);
    for (const { socket } of honest) socket.terminate();
    await eventually(async () => ((await running.metrics()).connections === 0 ? true : undefined));
  });
});

describe("OwnTracks over HTTP", () => {
  const post = (device: TestDevice, body: string, headers: Record<string, string> = {}) =>
    fetch(`${running.loopback}/pub`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${device.id}:${device.secret}`).toString("base64")}`,
        ...headers,
      },
      body,
    });

  test("[P7] answers 200 with [] after the commit; the same message over MQTT and HTTP is one fix [P2]", async () => {
    const device = await running.addDevice("http-1");
    const body = ownTracksLocation({ topic: ownTracksTopic(device.id) });
    const answer = await post(device, body, { "x-limit-u": device.id, "x-limit-d": device.id });
    expect([answer.status, await answer.json()]).toEqual([200, []]);
    const rows = () => running.sql`SELECT 1 FROM fix WHERE device_no = ${device.no}`;
    expect((await rows()).length).toBe(1);
    const { topic: _topic, ...plain } = JSON.parse(body) as Record<string, unknown>;
    expect((await post(device, JSON.stringify(plain))).status).toBe(200);
    expect((await rows()).length).toBe(1);
  });

  test("answers with the code of what is wrong; what will never be taken is answered 200 and counted", async () => {
    const device = await running.addDevice("http-2");
    expect((await post({ ...device, secret: "no" }, "{}")).status).toBe(401);
    expect((await post(device, ownTracksLocation(), { "x-limit-u": "someone" })).status).toBe(403);
    expect((await post(device, ownTracksLocation({ waste: "x".repeat(5000) }))).status).toBe(413);
    expect((await fetch(`${running.loopback}/pub`)).status).toBe(404);
    const broken = await post(device, "{");
    expect([broken.status, await broken.json()]).toEqual([200, []]);
    await running.refused(device.no, "malformed");
  });

  test("hands out commands once", async () => {
    const device = await running.addDevice("http-3");
    const command = { _type: "cmd", action: "reportLocation" };
    await fetch(`${running.loopback}/commands/${device.id}`, {
      method: "POST",
      headers: { "x-wufen-proxy-key": PROXY_KEY },
      body: JSON.stringify({ protocol: "owntracks", command }),
    });
    expect(await (await post(device, ownTracksLocation())).json()).toEqual([command]);
    expect(await (await post(device, ownTracksLocation())).json()).toEqual([]);
  });

  test("a device above its rate is answered 429", async () => {
    const device = await running.addDevice("http-4");
    const statuses = await Promise.all(
      Array.from({ length: 260 }, () => post(device, "").then(({ status }) => status)),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    await running.refused(device.no, "rate-limited");
  });
});
