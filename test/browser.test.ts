import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodeBinaryPing, type ImportRoster, type NearestAnswer, pingTopic, type UnitList } from "@wufen/contract";
import { createTestDatabase, type TestDatabase } from "@wufen/database";
import mqtt from "mqtt";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { picturePath, signIn, startChromium, Watch } from "./support/chromium.ts";
import { root, runNode, type Started, startNode } from "./support/process.ts";
import { type Credential, PASSWORD, System } from "./support/system.ts";

const UNITS = 300;
const PINGS = 60;

/** What the page shows of itself to tests (map-client/src/state/test-hook.ts). */
interface Hook {
  readonly ready: boolean;
  unitCount(): number;
  unitPosition(
    callsign: string,
  ): { position: [number, number]; drawn: [number, number]; positionAtMs: number } | undefined;
  unitPixels(callsign: string): [number, number] | undefined;
  readonly drawn: boolean;
  readonly frames: number;
  readonly framesApplied: number;
  readonly link: string;
}
declare const __wufen: Hook;

let folder: string;
let database: TestDatabase;
let system: System;
let sim: Started;
let browser: Browser;
let context: BrowserContext;
let watch: Watch;
let page: Page;
let probe: Credential;
let byHand: Credential;
let center: [number, number];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wb-"));
  const district = join(folder, "district");
  const map = join(folder, "map");
  await runNode("device-sim/dist/main.js", ["generate-district", "--seed", "5", "--out", district]);
  await runNode("road-network/dist/main.js", ["import", join(district, "district.osm"), map]);
  const stations = join(district, "stations.json");
  const rosterArgs = ["roster", "--seed", "5", "--units", String(UNITS), "--map", map, "--stations", stations];
  const roster = JSON.parse(await runNode("device-sim/dist/main.js", rosterArgs)) as (ImportRoster["units"][number] & {
    protocol: Credential["protocol"];
  })[];
  database = await createTestDatabase();
  system = await System.start(folder, database.url, {
    WUFEN_MAP_DIR: map,
    WUFEN_CLIENT_DIR: join(root, "map-client/dist"),
  });
  const extra = await system.register([
    { callsign: "PROBE", kind: "car", deviceKind: "vehicle-terminal" },
    { callsign: "HAND", kind: "foot", deviceKind: "handset" },
  ]);
  [probe, byHand] = extra.devices as [Credential, Credential];
  const { file } = await system.register(
    roster.map(({ callsign, kind, status, deviceKind, homePost, datum }) => ({
      callsign,
      kind,
      ...(status === undefined ? {} : { status }),
      deviceKind,
      ...(homePost === undefined ? {} : { homePost }),
      ...(datum === undefined ? {} : { datum }),
    })),
    (i) => roster[i]?.protocol ?? "binary",
  );
  const play = [
    "play",
    "--url",
    system.mqttUrl,
    "--map",
    map,
    "--credentials",
    file,
    "--stations",
    stations,
    "--seed",
    "5",
  ];
  sim = await startNode("sim", "device-sim/dist/main.js", { args: play });
  ({ center } = await system.api.get<{ center: [number, number] }>("/api/map"));

  browser = await startChromium();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  watch = new Watch(context, system.base);
  page = await context.newPage();
  await signIn(page, system.base, "root", PASSWORD);
});

afterAll(async () => {
  await browser?.close();
  await sim?.stop();
  await system?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A place on the map with no unit within a hand's breadth, in the page's pixels. */
async function findFreePlace(): Promise<[number, number]> {
  const { units } = await system.api.get<UnitList>("/api/units");
  const map = await page.locator("canvas.maplibregl-canvas").boundingBox();
  if (map === null) throw new Error("the page shows no map");
  const pixels = await page.evaluate(
    (names) => names.map((name) => __wufen.unitPixels(name)),
    units.map(({ callsign }) => callsign),
  );
  let best: [number, number] = [0, 0];
  let widest = -1;
  for (let x = map.width * 0.3; x < map.width * 0.7; x += 20) {
    for (let y = map.height * 0.3; y < map.height * 0.7; y += 20) {
      const clear = Math.min(
        ...pixels.map((at) => (at == null ? Number.POSITIVE_INFINITY : Math.hypot(at[0] - x, at[1] - y))),
      );
      if (clear > widest) [widest, best] = [clear, [map.x + x, map.y + y]];
    }
  }
  return best;
}

describe("the desk in a real browser", () => {
  it("shows every unit of the fleet, and they move", async () => {
    await page.waitForFunction((count) => __wufen.unitCount() >= count, UNITS);
    const { units } = await system.api.get<UnitList>("/api/units");
    const names = units.map(({ callsign }) => callsign);
    const callsign = await page.evaluate(
      (all) => all.find((name) => __wufen.unitPosition(name) !== undefined) ?? "",
      names,
    );
    expect(callsign).not.toBe("");
    const frames = await page.evaluate(() => __wufen.framesApplied);
    await page.waitForFunction((before) => __wufen.framesApplied > before + 8, frames);
    const first = await page.evaluate((name) => __wufen.unitPosition(name)?.positionAtMs ?? 0, callsign);
    await page.waitForFunction(([name, before]) => (__wufen.unitPosition(name)?.positionAtMs ?? 0) > before, [
      callsign,
      first,
    ] as const);
  });

  it("a row of the list follows its unit: where it was heard, and its status", async () => {
    // What has a position on the map says its age in the list, whenever its first fix came.
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll("#unit-list [role=option]")];
      return (
        rows.length > 5 &&
        rows.every((row) => {
          const placed = __wufen.unitPosition(row.querySelector("b")?.textContent ?? "") !== undefined;
          return !placed || !/no position|无位置/.test(row.querySelector(".age")?.textContent ?? "");
        })
      );
    });
    const { units } = await system.api.get<UnitList>("/api/units");
    const first = await page.locator("#unit-list [role=option] b").first().textContent();
    const unit = units.find(({ callsign }) => callsign === first);
    await system.api.call("PATCH", `/api/units/${unit?.id}`, { status: "emergency" });
    await page.locator("#unit-list .row.emergency b", { hasText: first ?? "" }).waitFor();
    await system.api.call("PATCH", `/api/units/${unit?.id}`, { status: unit?.status });
  });

  it("a position sent with mosquitto_pub in OwnTracks form appears on the map", async () => {
    const position: [number, number] = [center[0] + 0.004, center[1] + 0.003];
    const message = {
      _type: "location",
      lat: position[1],
      lon: position[0],
      tst: Math.floor(Date.now() / 1000),
      acc: 8,
      batt: 83,
    };
    const { hostname, port } = new URL(system.mqttUrl);
    const topic = `owntracks/${byHand.deviceId}/${byHand.deviceId}`;
    await promisify(execFile)("mosquitto_pub", [
      ...["-h", hostname, "-p", port, "-i", byHand.deviceId, "-u", byHand.deviceId, "-P", byHand.secret],
      ...["-q", "1", "-t", topic, "-m", JSON.stringify(message)],
    ]);
    await page.waitForFunction(() => __wufen.unitPosition("HAND") !== undefined);
    const shown = await page.evaluate(() => __wufen.unitPosition("HAND")?.position);
    expect(shown?.[0]).toBeCloseTo(position[0], 5);
    expect(shown?.[1]).toBeCloseTo(position[1], 5);
  });

  it("ping to pixel: every ping of a device is drawn; the delays are told", async () => {
    const device = await mqtt.connectAsync(system.mqttUrl, {
      clientId: probe.deviceId,
      username: probe.deviceId,
      password: probe.secret,
      protocolVersion: 4,
    });
    // The page notes, in every frame it draws, when it first held each place of the probe.
    await page.evaluate(() => {
      const seen = new Map<number, number>();
      Object.assign(globalThis, { seen });
      const look = () => {
        const unit = __wufen.unitPosition("PROBE");
        const place = Math.round((unit?.position[0] ?? 0) * 1e5);
        if (unit !== undefined && __wufen.drawn && !seen.has(place)) seen.set(place, Date.now());
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    const firstPlace = Math.round(center[0] * 1e5);
    const delays: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      const fixedAtMs = Date.now();
      const payload = encodeBinaryPing({
        sentAtMs: fixedAtMs,
        batteryPercent: 90,
        simulated: true,
        backlog: false,
        fixes: [
          {
            fixedAtMs,
            seq: i,
            lngE7: (firstPlace + i) * 100,
            latE7: Math.round(center[1] * 1e7),
            ...{ accuracyDm: 50, speedCms: 1000, headingCdeg: 9000, altitudeM: undefined },
          },
        ],
      });
      await device.publishAsync(pingTopic(probe.deviceId), Buffer.from(payload), { qos: 1 });
      const seenAtMs = await page.waitForFunction(
        (place) => (globalThis as unknown as { seen: Map<number, number> }).seen.get(place),
        firstPlace + i,
      );
      delays.push(((await seenAtMs.jsonValue()) as number) - fixedAtMs);
    }
    await device.endAsync();
    delays.sort((a, b) => a - b);
    const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))];
    console.log(`ping to pixel with ${UNITS} units: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
    expect(delays).toHaveLength(PINGS);
  });

  it("a click on the map asks for the nearest units; the panel's order is the API's, with distance and time", async () => {
    const answered = page.waitForResponse((response) => response.url().endsWith("/api/nearest"));
    const [x, y] = await findFreePlace();
    await page.mouse.click(x, y);
    const answer = (await (await answered).json()) as NearestAnswer;
    expect(answer.units.length).toBeGreaterThan(0);
    const rows = page.locator(".cards ol li b");
    await rows.first().waitFor();
    const shown = await page.locator(".cards ol li .who b").allTextContents();
    expect(shown).toEqual(answer.units.map(({ callsign }) => callsign));
    await page.screenshot({ path: picturePath("desk-dark-zh") });
    await page.keyboard.press("Escape");
  });

  it("speaks English too, and has a light theme", async () => {
    await page.keyboard.press("0");
    await page.keyboard.press("l");
    await page.waitForFunction(() => document.documentElement.lang.startsWith("en"));
    await page.screenshot({ path: picturePath("desk-dark-en") });
    await page.keyboard.press("t");
    await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
    await page.screenshot({ path: picturePath("desk-light-en") });
    await page.keyboard.press("l");
    await page.waitForFunction(() => document.documentElement.lang.startsWith("zh"));
    await page.screenshot({ path: picturePath("desk-light-zh") });
    await page.keyboard.press("t");
  });

  it("asked no other host and made no error", () => {
    expect(watch.foreign).toEqual([]);
    expect(watch.errors).toEqual([]);
  });

  it("survives a death of the API without a reload", async () => {
    await system.dispatch.kill();
    await page.waitForFunction(() => __wufen.link !== "live");
    await system.startDispatch();
    await page.waitForFunction(() => __wufen.link === "live", undefined, { timeout: 60_000 });
    const applied = await page.evaluate(() => __wufen.framesApplied);
    await page.waitForFunction(
      ([before, count]) => __wufen.framesApplied > before + 4 && __wufen.unitCount() >= count,
      [applied, UNITS] as const,
    );
  });
});
