import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { migrate, startEmbeddedPostgres } from "@wufen/database";
import { listLost, readAcknowledged } from "../test/support/acknowledged.ts";
import { Desk } from "../test/support/desk.ts";
import { root, startNode } from "../test/support/process.ts";
import { System } from "../test/support/system.ts";
import { cpuSecondsOfTree, quantile } from "./support/cpu.ts";
import type { Print } from "./support/line.ts";

const DEVICES = Number(process.env.BENCH_DEVICES ?? 5000);
const RATE = Number(process.env.BENCH_RATE ?? 5000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
/** Addresses the devices come from, so that the limits per address stay as they are by default. */
const ADDRESSES = 200;

/** One fix a second from each of 5,000 connections through broker, database and dispatch API to a desk; the rival is aedes alone. */
export async function run(print: Print): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "wb-"));
  const dataDir = await mkdtemp(join(tmpdir(), "wb-"));
  const database = await startEmbeddedPostgres({ dataDir });
  try {
    await migrate(database.url);
    const system = await System.start(folder, database.url, { WUFEN_LOG: "silent" });
    const { file, devices } = await system.register(
      Array.from({ length: DEVICES }, (_, i) => ({
        callsign: `B${i}`,
        kind: "car" as const,
        deviceKind: "vehicle-terminal" as const,
      })),
    );
    const desk = await Desk.open(system.base, system.api.cookie);
    const delays: number[] = [];
    desk.onFrame = ({ kind, columns, baseMs, count }) => {
      if (kind !== "changes") return;
      const nowMs = Date.now();
      for (let i = 0; i < count; i++) delays.push(nowMs - baseMs - (columns.positionAt[i] as number));
    };

    const pids = [system.broker.pid, system.dispatch.pid, database.pid];
    const acked = join(folder, "acked");
    const ours = await underLoad(system.mqttUrl, file, pids, acked, () => {
      delays.length = 0;
      void system.api.get("/api/metrics-json?reset=yes");
    });
    const { eventLoopDelayMs } = await system.api.get<{ eventLoopDelayMs: { p99: number } }>("/api/metrics-json");
    const lost = await listLost(database.url, devices, readAcknowledged(acked));
    desk.close();
    await system.stop();

    const alone = await startNode("aedes alone", "bench/support/aedes-alone.ts", { nodeOptions: ["--import", "tsx"] });
    const rival = await underLoad(
      `mqtt://127.0.0.1:${alone.ready.mqttPort}`,
      file,
      [alone.pid],
      join(folder, "rival"),
      () => {},
    );
    await alone.stop();

    const name = "aedes alone, nothing stored";
    print({
      name: "ingest/rate",
      value: ours.rate,
      unit: "fixes/s",
      rival: name,
      rivalValue: rival.rate,
      ratio: ours.rate / rival.rate,
    });
    print({
      name: "ingest/cpu-per-fix",
      value: ours.cpuMicros,
      unit: "µs",
      rival: name,
      rivalValue: rival.cpuMicros,
      ratio: ours.cpuMicros / rival.cpuMicros,
    });
    ["broker", "dispatch-api", "postgres"].forEach((part, i) => {
      print({ name: `ingest/cpu-per-fix/${part}`, value: ours.cpuMicrosByPid[i] as number, unit: "µs" });
    });
    print({ name: "ingest/lost", value: lost.length, unit: "fixes" });
    print({ name: "ingest/ack-p99", value: ours.ackP99Ms, unit: "ms", rival: name, rivalValue: rival.ackP99Ms });
    print({ name: "ingest/ping-to-feed-p50", value: quantile(delays, 0.5), unit: "ms" });
    print({ name: "ingest/ping-to-feed-p99", value: quantile(delays, 0.99), unit: "ms" });
    print({ name: "ingest/api-event-loop-delay-p99", value: eventLoopDelayMs.p99, unit: "ms" });
  } finally {
    await database.stop();
    for (const made of [folder, dataDir]) await rm(made, { recursive: true, force: true });
  }
}

interface Measured {
  readonly rate: number;
  readonly cpuMicros: number;
  readonly cpuMicrosByPid: readonly number[];
  readonly ackP99Ms: number;
}

/** Plays the load; CPU is counted from the moment all devices are connected until the last acknowledgement. */
async function underLoad(
  url: string,
  credentials: string,
  pids: readonly number[],
  acked: string,
  onStart: () => void,
): Promise<Measured> {
  const args = ["--url", url, "--credentials", credentials, "--acked", acked, "--addresses", String(ADDRESSES)];
  const child = spawn(
    process.execPath,
    [join(root, "device-sim/dist/main.js"), "load", ...args, "--rate", String(RATE), "--seconds", String(SECONDS)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit") as Promise<[number | null]>;
  let before: number[] | undefined;
  let atStart = 0;
  let last: LoadLine | undefined;
  for await (const text of createInterface({ input: child.stdout })) {
    last = JSON.parse(text) as LoadLine;
    if (before === undefined && last.connected === DEVICES) {
      before = pids.map(cpuSecondsOfTree);
      atStart = last.acknowledged;
      onStart();
    }
  }
  const [code] = await ended;
  if (code !== 0 || last === undefined || before === undefined)
    throw new Error(`the load ended with code ${code}: ${JSON.stringify(last)}`);
  const fixes = last.acknowledged - atStart;
  const cpuMicrosByPid = pids.map((pid, i) => ((cpuSecondsOfTree(pid) - (before?.[i] as number)) * 1e6) / fixes);
  return {
    rate: last.acknowledged / last.seconds,
    cpuMicros: cpuMicrosByPid.reduce((sum, micros) => sum + micros, 0),
    cpuMicrosByPid,
    ackP99Ms: last.ackP99Ms,
  };
}

interface LoadLine {
  readonly connected: number;
  readonly acknowledged: number;
  readonly ackP99Ms: number;
  readonly seconds: number;
}
