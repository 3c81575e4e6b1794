import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { DeviceCredential, Problem, Unit } from "@wufen/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { SOCKETS_PER_SESSION } from "../src/adapters/feed-upgrade.ts";
import { FEED_DESKS_LIMIT } from "../src/live/feed-hub.ts";
import { type Answer, Client, Dispatch } from "./support/dispatch.ts";

let dispatch: Dispatch;
let admin: Client;
const faults: unknown[] = [];
const remember = (error: unknown) => void faults.push(error);

beforeAll(async () => {
  // What would end the process.
  process.on("uncaughtException", remember);
  dispatch = await Dispatch.create();
  await dispatch.start();
  admin = await dispatch.signIn("admin");
});
afterAll(async () => {
  await dispatch.stop();
  process.off("uncaughtException", remember);
});

/** Sends bytes as they are; answers the status line, empty where the connection is closed without one. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(dispatch.server.httpPort, "127.0.0.1");
  let answer = "";
  socket.on("error", () => undefined);
  socket.on("data", (data) => {
    answer += data.toString("latin1");
    socket.end();
  });
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return answer.split("\r\n")[0] ?? "";
}

function upgrade(target: string, ...headers: string[]): string {
  const lines = ["Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  return `${[`GET ${target} HTTP/1.1`, ...lines, key, ...headers].join("\r\n")}\r\n\r\n`;
}

describe("an upgrade", () => {
  for (const target of ["//", "//[::", "http://[", "/%zz", "*", "/api/feed/..", "/mqtt/../api/feed"]) {
    it(`to ${target} is answered and ends nothing`, async () => {
      expect(await sendRaw(upgrade(target))).toMatch(/^HTTP\/1\.1 40[014]/);
      expect((await admin.get("/api/session")).status).toBe(200);
      expect(faults).toEqual([]);
    });
  }
});

describe("texts that PostgreSQL cannot hold", () => {
  const nul = "a\u0000b";

  it("are refused as what they are, not as a fault of ours", async () => {
    const stranger = new Client(dispatch.base);
    const answers: Answer<Problem>[] = [
      await stranger.post("/api/session", { name: nul, password: "x" }),
      await admin.send("PATCH", "/api/devices/a%00b", { label: "x" }),
      await admin.post("/api/devices/a%00b/credential"),
      await admin.get("/api/devices/a%00b/refusals"),
      await admin.send("PATCH", "/api/units/a%00b", { status: "busy" }),
      await admin.post("/api/devices", { label: nul, kind: "handset" }),
      await admin.post("/api/units", { callsign: nul, kind: "foot" }),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual(answers.map(() => "400 BODY_INVALID"));
  });

  it("and times that are no dates ask for nothing", async () => {
    const { body: device } = await admin.post<DeviceCredential>("/api/devices", { label: "l", kind: "handset" });
    const { body: unit } = await admin.post<Unit>("/api/units", {
      callsign: "T",
      kind: "foot",
      deviceId: device.deviceId,
    });
    for (const fromMs of ["1e308", "9007199254740991"]) {
      expect(await admin.get(`/api/units/${unit.id}/track?fromMs=${fromMs}`)).toMatchObject({
        status: 200,
        body: { points: [] },
      });
    }
  });
});

it("an address that cannot be read is answered with a Problem and a policy", async () => {
  const answer = await new Client(dispatch.base).get("/%zz");
  expect(answer).toMatchObject({ status: 400, body: { code: "BODY_INVALID" } });
  expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'");
});

it("[guard rail 7] nobody off duty is asked where they are", async () => {
  const { body: device } = await admin.post<DeviceCredential>("/api/devices", { label: "l", kind: "handset" });
  const off = { callsign: "Off", kind: "foot", status: "off-duty", deviceId: device.deviceId };
  const { body: unit } = await admin.post<Unit>("/api/units", off);
  for (const path of [`units/${unit.id}`, `devices/${device.deviceId}`]) {
    expect((await admin.post<Problem>(`/api/${path}/locate`)).body.code).toBe("NO_POSITION");
  }
});

it("[O1] an ankle monitor is not asked where it is", async () => {
  const { body } = await admin.post<DeviceCredential>("/api/devices", { label: "m", kind: "ankle-monitor" });
  expect((await admin.post<Problem>(`/api/devices/${body.deviceId}/locate`)).body.code).toBe("DEVICE_KIND_NEEDS_ORDER");
});

/** A desk whose socket is in our hands, down to the bytes. */
async function openFeed(cookie: string): Promise<{ ws: WebSocket; tcp: Socket }> {
  const ws = new WebSocket(`${dispatch.base.replace("http", "ws")}/api/feed`, { headers: { cookie } });
  ws.on("error", () => undefined);
  let tcp: Socket | undefined;
  ws.once("upgrade", ({ socket }) => {
    tcp = socket;
  });
  await once(ws, "open");
  if (tcp === undefined) throw new Error("opened without an upgrade");
  return { ws, tcp };
}

/** A frame without the mask that a client owes. */
const NO_FRAME = Buffer.from([0x82, 0x05, 1, 2, 3, 4, 5]);

describe("the feed", () => {
  it("lets go of a desk that sends no WebSocket, text that is no message, or too much of it", async () => {
    const garbage: readonly ((feed: { ws: WebSocket; tcp: Socket }) => void)[] = [
      ({ tcp }) => void tcp.write(NO_FRAME),
      ({ tcp }) => void tcp.write(Buffer.alloc(4096, 0xff)),
      ({ ws }) => ws.send("[".repeat(10_000)),
      ({ ws }) => ws.send(Buffer.alloc(100, 7)),
      ({ ws }) => ws.send("x".repeat(100_000)),
      ({ ws }) => ws.send('{"type":"__proto__"}'),
      ({ ws }) => void Array.from({ length: 300 }, (_, i) => ws.send(JSON.stringify({ type: "ping", sentAtMs: i }))),
    ];
    for (const send of garbage) {
      const feed = await openFeed(admin.cookie);
      const closed = once(feed.ws, "close");
      send(feed);
      await closed;
    }
    expect(faults).toEqual([]);
  });

  it("holds so many of one session and so many in all; one too many that sends garbage ends nothing", async () => {
    const cookies: string[] = [];
    while (cookies.length * SOCKETS_PER_SESSION < FEED_DESKS_LIMIT) cookies.push((await dispatch.signIn()).cookie);
    const late = (await dispatch.signIn()).cookie;
    const feeds = await Promise.all(
      cookies.flatMap((cookie) => Array.from({ length: SOCKETS_PER_SESSION }, () => openFeed(cookie))),
    );
    expect(feeds.length).toBe(FEED_DESKS_LIMIT);
    await expect(openFeed(cookies[0] ?? "")).rejects.toThrow();

    const bytes = upgrade("/api/feed", `Cookie: ${late}`) + NO_FRAME.toString("latin1");
    expect(await sendRaw(bytes)).toContain("101");
    expect(faults).toEqual([]);
    const ended = feeds.map(({ ws }) => once(ws, "close"));
    for (const { ws } of feeds) ws.terminate();
    await Promise.all(ended);
  });
});
