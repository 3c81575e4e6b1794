import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { writeCertificate } from "./support/certificate.ts";
import { Dispatch, PASSWORD } from "./support/dispatch.ts";

const folder = mkdtempSync(join(tmpdir(), "wufen-https-"));
let dispatch: Dispatch;
let ca: string;
let port: number;

beforeAll(async () => {
  const { certFile, keyFile, pem } = await writeCertificate(folder);
  ca = pem;
  dispatch = await Dispatch.create({ WUFEN_TLS_CERT: certFile, WUFEN_TLS_KEY: keyFile, WUFEN_HTTPS_PORT: "0" });
  await dispatch.start();
  port = dispatch.server.httpsPort ?? 0;
});
afterAll(async () => {
  await dispatch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function signIn(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", origin: `https://127.0.0.1:${port}` };
    const sent = request({ host: "127.0.0.1", port, path: "/api/session", method: "POST", ca, headers }, resolve);
    sent.on("error", reject);
    sent.end(JSON.stringify({ name: "desk", password: PASSWORD }));
  });
}

describe("the listener with TLS", () => {
  it("signs in with a cookie that travels over TLS only, and opens the feed", async () => {
    const answer = await signIn();
    answer.resume();
    expect(answer.statusCode).toBe(200);
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toContain("Secure");
    const socket = new WebSocket(`wss://127.0.0.1:${port}/api/feed`, {
      ca,
      headers: { cookie: cookie.split(";")[0], origin: `https://127.0.0.1:${port}` },
    });
    const welcome = new Promise<string>((resolve, reject) => {
      socket.once("message", (data: Buffer) => resolve(data.toString()));
      socket.once("error", reject);
    });
    socket.once("open", () => socket.send('{"type":"hello","version":1}'));
    expect(JSON.parse(await welcome)).toMatchObject({ type: "welcome", person: { name: "desk" } });
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await dispatch.stopServer();
    expect(await closed).toBe(1001);
  });
});
