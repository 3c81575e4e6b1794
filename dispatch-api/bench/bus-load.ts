import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBusFrame, type Fix } from "@wufen/contract";
import { connect, createTestDatabase } from "@wufen/database";
import { WebSocket } from "ws";

/**
 * Plays a broker's bus at a rate against a built API process and prints what it costs, one JSON object a line.
 * usage: node --conditions=source --import tsx dispatch-api/bench/bus-load.ts [fixes a second] [seconds] [desks]
 */
const [RATE = 5000, SECONDS = 20, DESKS = 3] = process.argv.slice(2).map(Number);
const FRAME_MS = 20;
const PASSWORD = "a password of the benchmark";

const folder = mkdtempSync(join(tmpdir(), "wufen-bench-"));
const database = await createTestDatabase();
const sql = connect(database.url, { max: 1 });
await sql`CREATE TABLE fix_bench PARTITION OF fix DEFAULT`;
await sql`INSERT INTO broker_epoch (broker) VALUES (1)`;
await sql`
  INSERT INTO device (id, label, kind, secret_hash) SELECT 'd-' || i, i::text, 'handset', '\\x00'
  FROM generate_series(1, ${RATE}::int) AS i`;
await sql`
  INSERT INTO unit (id, callsign, kind, device_no) SELECT 'u-' || no, id, 'car', no FROM device`;

const sockets = new Set<Socket>();
const bus = createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => sockets.delete(socket));
});
const busPath = join(folder, "bus.sock");
await new Promise<void>((resolve) => bus.listen(busPath, resolve));

const env = {
  ...process.env,
  DATABASE_URL: database.url,
  WUFEN_HTTP_PORT: "0",
  WUFEN_BUS_SOCKETS: busPath,
  WUFEN_PROXY_KEY: "the benchmark's proxy key",
  WUFEN_DEVICE_KEY: "ab".repeat(32),
};
const main = join(import.meta.dirname, "../dist/main.js");
const person = spawn("node", [main, "ensure-person", "--name", "a", "--role", "administrator"], { env });
person.stdin.end(PASSWORD);
await new Promise((resolve) => person.once("exit", resolve));
const api = spawn("node", [main], { env, stdio: ["ignore", "pipe", "inherit"] });
const ready = await new Promise<{ httpPort: number }>((resolve) =>
  api.stdout.once("data", (line: Buffer) => resolve(JSON.parse(line.toString()))),
);
const base = `http://127.0.0.1:${ready.httpPort}`;
const signIn = await fetch(`${base}/api/session`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ name: "a", password: PASSWORD }),
});
const cookie = signIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
let frames = 0;
const desks = Array.from({ length: DESKS }, () => {
  const desk = new WebSocket(`${base.replace("http", "ws")}/api/feed`, { headers: { cookie } });
  desk.on("open", () => desk.send(JSON.stringify({ type: "hello", version: 1 })));
  desk.on("message", (_data, binary) => {
    if (binary) frames++;
  });
  return desk;
});

const metrics = async (reset: boolean) => {
  const answer = await fetch(`${base}/api/metrics-json${reset ? "?reset=yes" : ""}`, { headers: { cookie } });
  return (await answer.json()) as {
    rowsReceived: number;
    catchUps: number;
    cpuUserMs: number;
    cpuSystemMs: number;
    rssBytes: number;
    busDelayMs: { p50: number; p99: number };
    eventLoopDelayMs: { p50: number; p99: number; max: number };
  };
};

let n = 0;
const startedAt = Date.now();
const send = (untilN: number) => {
  if (untilN <= n) return;
  const now = Date.now();
  const fixes: Fix[] = [];
  for (let i = n; i < untilN; i++) {
    fixes.push({
      deviceNo: 1 + (i % RATE),
      fixedAtMs: now - 300,
      seq: 0,
      receivedAtMs: now,
      lngE7: 1_143_000_000 + ((i * 7919) % 1000) * 10,
      latE7: 306_000_000 + Math.floor(i / RATE) * 500,
      accuracyDm: 80,
      speedCms: 1000,
      headingCdeg: 9000,
      altitudeM: 20,
      batteryPercent: 80,
      clockOffsetMs: undefined,
      flags: 2,
    });
  }
  const bytes = encodeBusFrame({ kind: "fixes", broker: 1, epoch: 1, firstN: n + 1, fixes });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  for (const socket of sockets) socket.write(Buffer.concat([length, bytes]));
  n = untilN;
};

const WARM_UP_S = 5;
let before = await metrics(true);
let measuredFrom = 0;
await new Promise<void>((resolve) => {
  const timer = setInterval(async () => {
    const elapsedMs = Date.now() - startedAt;
    send(Math.floor((elapsedMs / 1000) * RATE));
    if (measuredFrom === 0 && elapsedMs > WARM_UP_S * 1000) {
      measuredFrom = n;
      before = await metrics(true);
    }
    if (elapsedMs > (WARM_UP_S + SECONDS) * 1000) {
      clearInterval(timer);
      resolve();
    }
  }, FRAME_MS);
});
const after = await metrics(false);
const rows = after.rowsReceived - before.rowsReceived;
const cpuMs = after.cpuUserMs + after.cpuSystemMs - before.cpuUserMs - before.cpuSystemMs;
for (const [name, value, unit] of [
  ["api/rate", rows / SECONDS, "fixes/s"],
  ["api/cpu-per-fix", (cpuMs * 1000) / rows, "µs"],
  ["api/event-loop-delay-p99", after.eventLoopDelayMs.p99, "ms"],
  ["api/event-loop-delay-max", after.eventLoopDelayMs.max, "ms"],
  ["api/bus-delay-p99", after.busDelayMs.p99, "ms"],
  ["api/catch-ups", after.catchUps, ""],
  ["api/feed-frames", frames, ""],
  ["api/rss", Math.round(after.rssBytes / 1e6), "MB"],
] as const) {
  console.log(JSON.stringify({ name, value, unit }));
}
for (const desk of desks) desk.terminate();
api.kill("SIGTERM");
await new Promise((resolve) => api.once("exit", resolve));
bus.close();
await sql.end();
await database.drop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
