import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Health, MapInfo, UnitList, UnitTrack } from "@wufen/contract";
import { afterAll, afterEach, expect, test } from "vitest";
import { Api } from "./support/api.ts";
import { Desk } from "./support/desk.ts";
import { poll } from "./support/poll.ts";
import { root } from "./support/process.ts";

const UNITS = 20;
const folder = mkdtempSync(join(tmpdir(), "wufen-start-"));
const launchers: Launcher[] = [];

/** What `npm start` runs once packages and build are there. */
class Launcher {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly #dataDir: string;

  constructor(args: readonly string[], dataDir = folder, env: Record<string, string> = {}) {
    this.#dataDir = dataDir;
    const ports = ["--http-port", "0", "--mqtt-port", "0"].filter(
      (_, i) => !args.includes(i < 2 ? "--http-port" : "--mqtt-port"),
    );
    this.child = spawn(process.execPath, [join(root, "launcher/dist/main.js"), "--data", dataDir, ...ports, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DATABASE_URL: "", ...env },
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => this.lines.push(line));
    createInterface({ input: this.child.stderr as NodeJS.ReadableStream }).on("line", (line) => this.errors.push(line));
    this.ended = once(this.child, "close").then(([code]) => code as number | null);
    launchers.push(this);
  }

  /** Resolves with the address of the map once everything runs. */
  async ready(): Promise<string> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    await poll("the launcher is ready", () => {
      if (hasEnded) return false;
      return this.lines.some((line) => line.includes("Ctrl-C stops everything")) || undefined;
    });
    if (hasEnded) throw new Error(`it ended:\n${[...this.lines, ...this.errors].join("\n")}`);
    return this.find("map");
  }

  /** What the summary says under a name. */
  find(name: string): string {
    const line = this.lines.find((text) => text.startsWith(`  ${name} `));
    if (line === undefined) throw new Error(`no "${name}" in:\n${this.lines.join("\n")}`);
    return line.slice(12);
  }

  pids(): Record<string, { pid: number; startNo: number }> {
    return JSON.parse(readFileSync(join(this.#dataDir, "run.json"), "utf8")).processes;
  }

  postgresPid(): number {
    return Number.parseInt(readFileSync(join(this.#dataDir, "postgres/cluster/postmaster.pid"), "utf8"), 10);
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What ended and waits to be noticed is gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const untilGone = (pids: readonly number[]) =>
  poll(`${pids.join(", ")} are gone`, () => (pids.some(isAlive) ? undefined : true), 15_000);

const untilHealthy = (base: string) =>
  poll("the API is healthy", async () => {
    const health = (await (await fetch(`${base}/healthz`)).json()) as Health;
    return health.ok && health.database && health.brokers ? health : undefined;
  });

const signIn = (base: string) => Api.signIn(base, "dispatch", "wufen-demo-dispatch");

/** Resolves when a unit stands somewhere else than it was first seen. */
async function untilUnitsMove(desk: Desk): Promise<void> {
  const first = new Map<number, string>();
  await desk.until(() => {
    for (const [no, { lngE7, latE7 }] of desk.positions) {
      const place = `${lngE7},${latE7}`;
      const seen = first.get(no) ?? place;
      first.set(no, seen);
      if (seen !== place) return true;
    }
    return false;
  });
}

afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("one start brings a map with units that move, and a position sent by hand; a second one goes on after kill -9 of everything", async () => {
  const first = new Launcher(["--units", String(UNITS)]);
  const base = await first.ready();
  await untilHealthy(base);
  expect(await (await fetch(base)).text()).toContain("<!doctype html>");
  const api = await signIn(base);
  const map = await api.get<MapInfo>("/api/map");
  expect((await fetch(`${base}/api/units`)).status).toBe(401);

  const desk = await Desk.open(base, api.cookie);
  await untilUnitsMove(desk);
  await promisify(execFile)("sh", ["-c", first.find("by hand")]);
  await desk.until(() => desk.find("P00") !== undefined);
  const sent = desk.find("P00");
  expect(sent?.lngE7).toBeCloseTo(map.center[0] * 1e7, -2);
  desk.close();
  const before = await api.get<UnitList>("/api/units");
  expect(before.total).toBe(UNITS + 1);

  const pids = [first.child.pid as number, ...Object.values(first.pids()).map(({ pid }) => pid), first.postgresPid()];
  expect(pids).toHaveLength(5);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await untilGone(pids);

  const second = new Launcher(["--units", String(UNITS + 5)]);
  const again = await second.ready();
  const apiAgain = await signIn(again);
  const after = await apiAgain.get<UnitList>("/api/units");
  expect(after.total).toBe(UNITS + 6);
  expect(after.units.slice(0, before.total)).toEqual(before.units);
  const handset = before.units.find(({ callsign }) => callsign === "P00");
  const track = await apiAgain.get<UnitTrack>(`/api/units/${handset?.id}/track`);
  expect(track.points).toHaveLength(1);
  const deskAgain = await Desk.open(again, apiAgain.cookie);
  expect(deskAgain.find("P00")).toMatchObject({ lngE7: sent?.lngE7, latE7: sent?.latE7 });
  await untilUnitsMove(deskAgain);
  deskAgain.close();

  const left = [...Object.values(second.pids()).map(({ pid }) => pid), second.postgresPid()];
  expect(await second.stop("SIGINT")).toBe(0);
  expect(second.errors).toEqual([]);
  expect(left.filter(isAlive)).toEqual([]);
});

test("a process that is killed runs again by itself; when the launcher is killed the others end, and the next start takes over", async () => {
  const first = new Launcher(["--units", String(UNITS)]);
  const base = await first.ready();
  await untilHealthy(base);
  const began = first.pids();
  for (const name of ["broker", "dispatch-api", "device-sim"]) {
    process.kill(began[name]?.pid as number, "SIGKILL");
    await poll(`${name} runs again`, () => (first.pids()[name]?.startNo === 2 ? true : undefined), 15_000);
  }
  process.kill(first.postgresPid(), "SIGKILL");
  await poll(
    "the database runs again",
    () => first.lines.some((line) => line.startsWith("postgres runs again")) || undefined,
  );
  const api = await poll("the API answers from the database again", () => signIn(base));
  const desk = await Desk.open(base, api.cookie);
  await untilUnitsMove(desk);
  desk.close();

  const children = Object.values(first.pids()).map(({ pid }) => pid);
  const left = first.postgresPid();
  process.kill(first.child.pid as number, "SIGKILL");
  await untilGone(children);
  expect(isAlive(left)).toBe(true);

  const second = new Launcher(["--units", String(UNITS)]);
  await untilHealthy(await second.ready());
  expect(isAlive(left)).toBe(false);
  expect(await second.stop("SIGTERM")).toBe(0);
});

test("with TLS the map and the broker are reached by who trusts the demo's authority", async () => {
  const launcher = new Launcher(["--no-demo", "--tls", "--https-port", "0", "--mqtts-port", "0"]);
  await launcher.ready();
  const secure = launcher.lines.find((line) => line.includes("https://"))?.trim() as string;
  const authority = join(folder, "tls/ca.pem");
  const program = `fetch(process.argv[1] + "/healthz").then((answer) => console.log(answer.status))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", program, secure], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
  });
  expect(stdout.trim()).toBe("200");
  expect(launcher.lines.some((line) => line.includes("wufen-demo"))).toBe(false);
  await expect(Api.signIn(launcher.find("map"), "dispatch", "wufen-demo-dispatch")).rejects.toThrow(/40[13]/);
  expect(await launcher.stop()).toBe(0);
});

test("what it cannot start with is said in one line that names the value, and it ends with code 1", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = String((taken.address() as { port: number }).port);
  const broken = join(folder, "broken.osm.pbf");
  writeFileSync(broken, "this is no extract");
  const unreachable = "postgres://someone:hidden@127.0.0.1:1/nothing";
  const cases: [string[], Record<string, string>, string][] = [
    [["--http-port", port], {}, `port ${port} on 127.0.0.1 is in use`],
    [["--mqtt-port", port], {}, `port ${port} on 127.0.0.1 is in use`],
    [["--osm", "no-such-city.osm.pbf"], {}, "no-such-city.osm.pbf: no such file"],
    [["--osm", broken], {}, "broken.osm.pbf"],
    [[], { DATABASE_URL: unreachable }, "cannot reach the database postgres://someone:***@127.0.0.1:1/nothing"],
  ];
  try {
    for (const [args, env, expected] of cases) {
      const launcher = new Launcher(args, folder, env);
      expect(await launcher.ended, expected).toBe(1);
      expect(launcher.errors, launcher.errors.join("\n")).toHaveLength(1);
      expect(launcher.errors[0]).toContain(expected);
    }
  } finally {
    taken.close();
  }
});
