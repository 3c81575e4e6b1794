import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { pingTopic } from "@wufen/contract";
import mqttPacket from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binaryPing } from "./support/pings.ts";
import { connectPacket, openRaw, publishAcked, RawClient } from "./support/raw-client.ts";
import { eventually, type RunningBroker, runBroker, type TestDevice } from "./support/running-broker.ts";

const PER_ADDRESS = 3;
let running: RunningBroker;
let devices: TestDevice[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wufen-proxy-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=wufen",
  ];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert], { stdio: "ignore" });
  running = await runBroker({
    WUFEN_PROXY_PROTOCOL: "yes",
    WUFEN_MQTTS_PORT: "0",
    WUFEN_TLS_CERT: cert,
    WUFEN_TLS_KEY: key,
    WUFEN_LIMIT_CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS),
    WUFEN_LIMIT_CONNECT_TIMEOUT_MS: "2000",
  });
  devices = [];
  for (let i = 0; i <= PER_ADDRESS; i++) devices.push(await running.addDevice(`proxied-${i}`));
});
afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(running.fatal).toEqual([]);
});

const header = (address: string) => Buffer.from(`PROXY TCP4 ${address} 10.0.0.1 40000 1883\r\n`);
const LOCAL = Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex");

async function openFrom(address: string): Promise<RawClient> {
  const client = await openRaw(running.broker.mqttPort);
  client.sendBytes(header(address));
  return client;
}

/** Signs in and publishes; one device after the other, because a device has one connection. */
async function use(client: RawClient, seq: number): Promise<void> {
  const device = devices[seq % devices.length]!;
  client.send(connectPacket(device));
  expect((await client.wait("connack")).returnCode).toBe(0);
  await publishAcked(client, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq }));
}

describe("behind a balancer", () => {
  test("a header and MQTT arrive in one packet, or byte by byte", async () => {
    const device = devices[0]!;
    const connected = mqttPacket.generate(connectPacket(device));
    const whole = await openRaw(running.broker.mqttPort);
    whole.sendBytes(Buffer.concat([header("203.0.113.1"), connected]));
    expect((await whole.wait("connack")).returnCode).toBe(0);
    await whole.close();

    const bytewise = await openRaw(running.broker.mqttPort);
    for (const byte of Buffer.concat([header("203.0.113.1"), connected])) {
      await new Promise((resolve) => bytewise.conn.write(Uint8Array.of(byte), resolve));
    }
    expect((await bytewise.wait("connack")).returnCode).toBe(0);
    await publishAcked(bytewise, pingTopic(device.id), binaryPing({ fixedAtMs: Date.now(), seq: 1 }));
    await bytewise.close();
  });

  test("limits count the client's address and not the balancer's", async () => {
    const clients = [];
    for (let i = 0; i < PER_ADDRESS; i++) {
      const client = await openFrom("203.0.113.2");
      await use(client, i);
      clients.push(client);
    }
    const oneTooMany = await openFrom("203.0.113.2");
    await oneTooMany.waitClosed();
    await running.refused(0, "too-many-connections");
    const other = await openFrom("203.0.113.3");
    await use(other, PER_ADDRESS);
    await Promise.all([...clients, other].map((client) => client.close()));
  });

  test("a connection without a header is closed and counted, whatever it says instead", async () => {
    const client = await openRaw(running.broker.mqttPort);
    client.send(connectPacket(devices[0]!));
    await client.waitClosed();
    await running.refused(0, "malformed");
  });

  test("a connection that says nothing is closed in time", async () => {
    const client = await openRaw(running.broker.mqttPort);
    await client.waitClosed();
    await running.refused(0, "connect-timeout");
  });

  test("the balancer's own checks come and go", async () => {
    for (let i = 0; i < PER_ADDRESS * 3; i++) {
      const check = await openRaw(running.broker.mqttPort);
      check.sendBytes(LOCAL);
      check.conn.end();
      await check.waitClosed();
    }
  });

  test("the header comes before TLS", async () => {
    const raw = connect(running.broker.mqttsPort!, "127.0.0.1");
    await once(raw, "connect");
    raw.write(header("203.0.113.4"));
    const secure = connectTls({ socket: raw, rejectUnauthorized: false });
    await once(secure, "secureConnect");
    const client = new RawClient(secure);
    await use(client, 3);
    await client.close();
  });

  test("a header and TLS's first bytes arrive in one packet", async () => {
    // TLS to ourselves, so that its first bytes can be joined to a header.
    const joint = createServer((near: Socket) => {
      const far = connect(running.broker.mqttsPort!, "127.0.0.1");
      near.on("error", () => undefined);
      far.on("error", () => undefined);
      near.once("data", (hello) => {
        far.write(Buffer.concat([header("203.0.113.5"), hello]));
        near.pipe(far);
        far.pipe(near);
      });
      near.on("close", () => far.destroy());
    });
    joint.listen(0, "127.0.0.1");
    await once(joint, "listening");
    const { port } = joint.address() as { port: number };
    const secure = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(secure, "secureConnect");
    const client = new RawClient(secure);
    await use(client, 4);
    await client.close();
    joint.close();
  });
});

describe("behind HAProxy", () => {
  for (const send of ["send-proxy", "send-proxy-v2"]) {
    test(`a device's address is its own (${send})`, async () => {
      const port = await freePort();
      const file = join(folder, `${send}.cfg`);
      writeFileSync(
        file,
        `defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen devices
  bind 127.0.0.1:${port}
  source 127.0.0.1
  server broker 127.0.0.1:${running.broker.mqttPort} check inter 100ms rise 1 ${send}
`,
      );
      const haproxy = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "inherit"] });
      try {
        const clients: RawClient[] = [];
        for (const [i, address] of ["127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3"].entries()) {
          const client = await eventually(() => openThrough(port, address));
          clients.push(client);
          await use(client, i);
        }
        const before = await countRefused("too-many-connections");
        const oneTooMany = await eventually(() => openThrough(port, "127.0.0.2"));
        oneTooMany.send(connectPacket(devices[0]!));
        await oneTooMany.waitClosed();
        await running.refused(0, "too-many-connections", before + 1);
        await Promise.all([...clients, oneTooMany].map((client) => client.close()));
      } finally {
        haproxy.kill();
        await once(haproxy, "exit");
      }
    });
  }
});

async function openThrough(port: number, localAddress: string): Promise<RawClient | undefined> {
  const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
  return await new Promise((resolve) => {
    socket.once("connect", () => resolve(new RawClient(socket)));
    socket.once("error", () => resolve(undefined));
  });
}

async function countRefused(reason: string): Promise<number> {
  const [row] = await running.sql<{ count: string }[]>`
    SELECT count FROM refusal WHERE device_no = 0 AND reason = ${reason}`;
  return Number(row?.count ?? 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
