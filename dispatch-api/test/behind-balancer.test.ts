import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { SIGN_INS_PER_ADDRESS } from "../src/domain/sign-in-limits.ts";
import { Client, Dispatch, PASSWORD } from "./support/dispatch.ts";

const SAID = { "x-forwarded-for": "198.51.100.9, 203.0.113.7", "x-forwarded-proto": "https" };
const CREDENTIALS = { name: "desk", password: PASSWORD };

let dispatch: Dispatch;
let broker: Server;
const heard: IncomingMessage["headers"][] = [];

beforeAll(async () => {
  broker = createServer((request, response) => {
    heard.push(request.headers);
    response.end("[]");
  });
  const sockets = new WebSocketServer({ server: broker, path: "/mqtt", handleProtocols: () => "mqtt" });
  sockets.on("connection", (_, request) => heard.push(request.headers));
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
  const { port } = broker.address() as AddressInfo;
  dispatch = await Dispatch.create({ WUFEN_BROKER_LOOPBACK: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await dispatch.stop();
  broker.closeAllConnections();
  broker.close();
});

async function addressesHeard(): Promise<unknown[]> {
  heard.length = 0;
  await fetch(`${dispatch.base}/pub`, { method: "POST", headers: SAID, body: "{}" });
  const socket = new WebSocket(`${dispatch.base.replace("http", "ws")}/mqtt`, "mqtt", { headers: SAID });
  await once(socket, "open");
  socket.terminate();
  return heard.map((headers) => headers["x-wufen-client-address"]);
}

describe("a balancer that is trusted", () => {
  it("says the address of devices and desks, and whether they came over TLS", async () => {
    await dispatch.start({ WUFEN_TRUSTED_PROXIES: "10.0.0.0/8,127.0.0.1" });
    expect(await addressesHeard()).toEqual(["203.0.113.7", "203.0.113.7"]);
    const { headers } = await new Client(dispatch.base).send("POST", "/api/session", CREDENTIALS, SAID);
    expect(headers.get("set-cookie")).toContain("Secure");
    // Another desk behind the same balancer is not held up by one that tries passwords.
    for (let i = 0; i < SIGN_INS_PER_ADDRESS.attempts; i++) {
      await new Client(dispatch.base).send("POST", "/api/session", { name: `n${i}`, password: "wrong" }, SAID);
    }
    const held = await new Client(dispatch.base).send("POST", "/api/session", CREDENTIALS, SAID);
    expect(held.status).toBe(429);
    const other = { ...SAID, "x-forwarded-for": "203.0.113.8" };
    expect((await new Client(dispatch.base).send("POST", "/api/session", CREDENTIALS, other)).status).toBe(200);
    await dispatch.stopServer();
  });
});

describe("anyone else", () => {
  it("says nothing that counts", async () => {
    await dispatch.start();
    expect(await addressesHeard()).toEqual(["127.0.0.1", "127.0.0.1"]);
    const { headers } = await new Client(dispatch.base).send("POST", "/api/session", CREDENTIALS, SAID);
    expect(headers.get("set-cookie")).not.toContain("Secure");
    await dispatch.stopServer();
  });
});
