import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { DeviceCredential } from "@wufen/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { BrokerClient } from "../src/adapters/broker-client.ts";
import { MqttPassage } from "../src/adapters/mqtt-passage.ts";
import { type Client, Dispatch, PROXY_KEY } from "./support/dispatch.ts";

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let dispatch: Dispatch;
let loopback: Server;
let admin: Client;
const heard: Heard[] = [];

/** The broker's loopback listener, as far as the API sees it. */
beforeAll(async () => {
  loopback = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      heard.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const known = headers.authorization !== undefined || url.startsWith("/commands/");
      response.writeHead(known ? 200 : 401, {
        "content-type": "application/json",
        "x-secret": "of the broker",
      });
      response.end("[]");
    });
  });
  const sockets = new WebSocketServer({ server: loopback, path: "/mqtt", handleProtocols: () => "mqtt" });
  sockets.on("connection", (socket, request) => {
    heard.push({ method: "UPGRADE", url: request.url ?? "", headers: request.headers, body: "" });
    socket.on("message", (data) => socket.send(data, { binary: true }));
  });
  await new Promise<void>((resolve) => loopback.listen(0, "127.0.0.1", resolve));
  const address = loopback.address();
  const port = typeof address === "object" ? address?.port : 0;
  dispatch = await Dispatch.create({ WUFEN_BROKER_LOOPBACK: `http://127.0.0.1:${port}` });
  await dispatch.start();
  admin = await dispatch.signIn();
});
afterAll(async () => {
  await dispatch.stop();
  loopback.closeAllConnections();
  loopback.close();
});

const FORGED = {
  "x-wufen-client-address": "6.6.6.6",
  "x-wufen-proxy-key": "a guess",
  "x-wufen-anything": "else",
  "x-forwarded-for": "6.6.6.6",
  cookie: "wufen_session=of-a-desk",
};

function expectTrueAddress({ headers }: Heard): void {
  expect(headers).toMatchObject({ "x-wufen-client-address": "127.0.0.1", "x-wufen-proxy-key": PROXY_KEY });
  expect(headers["x-wufen-anything"]).toBeUndefined();
  expect(headers["x-forwarded-for"]).toBeUndefined();
  expect(headers.cookie).toBeUndefined();
}

describe("the devices' way through the API's origin", () => {
  it("passes OwnTracks HTTP through with the device's credentials and its true address", async () => {
    const answer = await fetch(`${dispatch.base}/pub?u=d-1`, {
      method: "POST",
      headers: { ...FORGED, authorization: "Basic ZDox", "x-limit-u": "d-1", "content-type": "application/json" },
      body: '{"_type":"location"}',
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("[]");
    expect(answer.headers.get("x-secret")).toBeNull();
    const last = heard.at(-1) as Heard;
    expect(last).toMatchObject({ method: "POST", url: "/pub?u=d-1", body: '{"_type":"location"}' });
    expect(last.headers).toMatchObject({ authorization: "Basic ZDox", "x-limit-u": "d-1" });
    expectTrueAddress(last);
  });

  it("passes the broker's refusal back, and refuses what is too large itself", async () => {
    const refused = await fetch(`${dispatch.base}/pub`, { method: "POST", body: "{}" });
    expect(refused.status).toBe(401);
    const before = heard.length;
    const large = await fetch(`${dispatch.base}/pub`, { method: "POST", body: "x".repeat(5000) });
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ code: "BODY_TOO_LARGE" });
    expect(heard.length).toBe(before);
  });

  it("passes MQTT over WebSocket through, bytes as they are", async () => {
    const socket = new WebSocket(`${dispatch.base.replace("http", "ws")}/mqtt`, "mqtt", { headers: FORGED });
    socket.binaryType = "nodebuffer";
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    expect(socket.protocol).toBe("mqtt");
    const sent = Buffer.from(Array.from({ length: 3000 }, (_, i) => i & 255));
    const echoed = new Promise<Buffer>((resolve) => socket.once("message", resolve));
    socket.send(sent);
    expect((await echoed).equals(sent)).toBe(true);
    expectTrueAddress(heard.findLast(({ method }) => method === "UPGRADE") as Heard);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close();
    await closed;
  });

  it("answers 502 while the broker is away, and keeps no socket", async () => {
    const nobody = createServer().listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const away = new MqttPassage(new BrokerClient(new URL(`http://127.0.0.1:${port}`), PROXY_KEY), () => false);
    const origin = createServer().listen(0, "127.0.0.1");
    origin.on("upgrade", (request, socket, head) => away.accept(request, socket as Socket, head));
    await once(origin, "listening");
    const socket = new WebSocket(`ws://127.0.0.1:${(origin.address() as AddressInfo).port}/mqtt`, "mqtt");
    const [error] = await once(socket, "error");
    expect(error.message).toContain("502");
    expect(away.open).toBe(0);
    await new Promise((resolve) => origin.close(resolve));
  });

  it("has no other WebSocket", async () => {
    const socket = new WebSocket(`${dispatch.base.replace("http", "ws")}/other`);
    const [error] = await new Promise<[Error]>((resolve) => socket.once("error", (...args) => resolve(args)));
    expect(error.message).toContain("404");
  });

  it("carries a command to a device", async () => {
    const { body: device } = await admin.post<DeviceCredential>("/api/devices", { label: "l", kind: "handset" });
    expect((await admin.post(`/api/devices/${device.deviceId}/locate`)).status).toBe(204);
    const last = heard.at(-1) as Heard;
    expect(last).toMatchObject({ method: "POST", url: `/commands/${device.deviceId}` });
    expect(JSON.parse(last.body)).toEqual({
      protocol: "owntracks",
      command: { _type: "cmd", action: "reportLocation" },
    });
    expectTrueAddress(last);
  });
});
