import { createHash } from "node:crypto";
import { nearestRoadDistanceM } from "@wufen/road-network";
import { beforeAll, describe, expect, it } from "vitest";
import { importDistrict } from "../testing/district-map.ts";
import { createFleet, type FleetMessage, type FleetUnit } from "./fleet.ts";
import { MOTION_PROFILES } from "./motion-profile.ts";
import { demoRoster } from "./roster.ts";

const MINUTES_10 = 600_000;
let map: Awaited<ReturnType<typeof importDistrict>>;
let units: FleetUnit[];

beforeAll(async () => {
  map = await importDistrict(5);
  units = demoRoster(5, 80, map.stations, () => [114.3, 30.6]);
});

function play(seed: number, toMs: number, stepMs: number): FleetMessage[] {
  const fleet = createFleet(seed, map.graph, units);
  const out: FleetMessage[] = [];
  for (let t = stepMs; t <= toMs; t += stepMs) out.push(...fleet.step(t));
  return out;
}

const hash = (messages: readonly FleetMessage[]) => createHash("sha256").update(JSON.stringify(messages)).digest("hex");

describe("a fleet", () => {
  it("gives the same fixes in two runs with the same seed, and others with another", () => {
    const first = hash(play(5, MINUTES_10, 1000));
    expect(hash(play(5, MINUTES_10, 1000))).toBe(first);
    expect(hash(play(6, MINUTES_10, 1000))).not.toBe(first);
  });

  it("gives the same fixes however often it is asked", () => {
    const fine = play(5, MINUTES_10, 250);
    const coarse = play(5, MINUTES_10, 60_000);
    const keyed = (messages: readonly FleetMessage[]) =>
      [...messages].sort((a, b) => a.dueMs - b.dueMs || a.unit - b.unit || a.fixes[0]!.seq - b.fixes[0]!.seq);
    expect(hash(keyed(coarse))).toBe(hash(keyed(fine)));
  });

  it("stays on the road before noise, below the speed of its kind, and is nowhere twice at once", () => {
    const fleet = createFleet(7, map.graph, units);
    const last = units.map(() => ({ ms: -1, lng: 0, lat: 0 }));
    let measured = 0;
    for (let t = 1000; t <= MINUTES_10; t += 1000) {
      for (const { unit, backlog, fixes } of fleet.step(t)) {
        if (backlog) continue;
        const { kind } = units[unit]!;
        const profile = MOTION_PROFILES[kind];
        const truth = fleet.truth(unit)!;
        const fix = fixes[0]!;
        const road = nearestRoadDistanceM(map.graph, [truth.lng, truth.lat], 50, { access: profile.access });
        expect(road?.distanceM).toBeLessThan(0.5);
        expect(truth.speedMs * 3.6).toBeLessThanOrEqual(profile.maxSpeedKmh + 1e-9);
        expect(fix.speedKmh).toBeLessThanOrEqual(profile.maxSpeedKmh);
        const before = last[unit]!;
        // The truth is that of the unit's last measuring, which may be one later than this message's.
        const isLatest = Math.round(truth.atMs) === fix.fixedAtMs;
        if (isLatest && before.ms >= 0 && fix.fixedAtMs > before.ms) {
          const east = (truth.lng - before.lng) * 95_700;
          const north = (truth.lat - before.lat) * 111_195;
          const kmh = (Math.hypot(east, north) / (fix.fixedAtMs - before.ms)) * 3600;
          expect(kmh).toBeLessThan(profile.maxSpeedKmh + 3);
          measured++;
        }
        if (isLatest) last[unit] = { ms: fix.fixedAtMs, lng: truth.lng, lat: truth.lat };
      }
    }
    expect(measured).toBeGreaterThan(3_000);
  });

  it("measures with an error that its accuracy explains, and rarely a far outlier", () => {
    const messages = play(8, 3 * MINUTES_10, 5000);
    const offs = messages.flatMap((m) =>
      m.fixes.map((f) => nearestRoadDistanceM(map.graph, [f.lng, f.lat], 5_000)?.distanceM ?? 5_000),
    );
    offs.sort((a, b) => a - b);
    expect(offs[Math.floor(offs.length / 2)]).toBeLessThan(4);
    expect(offs[Math.floor(offs.length * 0.99)]).toBeLessThan(15);
    const outliers = messages.flatMap((m) => m.fixes).filter((f) => f.accuracyM >= 18).length;
    expect(outliers).toBeGreaterThan(0);
    expect(outliers / offs.length).toBeLessThan(1 / 500);
  });

  it("keeps what it measured without network, and hands it over later, in order, as a backlog", () => {
    const messages = play(5, 3 * MINUTES_10, 10_000);
    const backlogs = messages.filter((m) => m.backlog);
    expect(backlogs.length).toBeGreaterThan(20);
    for (let unit = 0; unit < units.length; unit++) {
      const own = messages.filter((m) => m.unit === unit);
      const seqs = own.flatMap((m) => m.fixes.map((f) => f.seq));
      // Nothing is missing and nothing overtakes; only a repeated message comes twice.
      const firstSeen = [...new Set(seqs)];
      expect(firstSeen).toEqual(firstSeen.map((_, i) => i));
      for (const m of own) {
        expect(m.dueMs).toBeGreaterThanOrEqual(m.fixes[m.fixes.length - 1]!.fixedAtMs);
        for (let i = 1; i < m.fixes.length; i++) {
          expect(m.fixes[i]!.fixedAtMs).toBeGreaterThan(m.fixes[i - 1]!.fixedAtMs);
        }
      }
    }
  });

  it("has no fix inside a tunnel, although it drives through", () => {
    const tunnelPost: [number, number] = tunnelPortal();
    const cars = Array.from(
      { length: 25 },
      (_, i): FleetUnit => ({ callsign: `T-${i}`, kind: "car", homePost: tunnelPost }),
    );
    const fleet = createFleet(9, map.graph, cars);
    let passed = 0;
    let inTunnel = 0;
    for (let t = 1000; t <= 2 * MINUTES_10; t += 1000) {
      for (const { unit, fixes } of fleet.step(t)) {
        const truth = fleet.truth(unit)!;
        if (truth.isInTunnel && fixes.some((fix) => fix.fixedAtMs === Math.round(truth.atMs))) inTunnel++;
      }
      for (let unit = 0; unit < cars.length; unit++) if (fleet.truth(unit)?.isInTunnel) passed++;
    }
    expect(passed).toBeGreaterThan(0);
    expect(inTunnel).toBe(0);
  });

  it("spreads its messages evenly over the seconds", () => {
    const perSecond = new Array<number>(600).fill(0);
    for (const m of play(5, MINUTES_10, 1000)) perSecond[Math.floor(m.dueMs / 1000)]!++;
    const later = perSecond.slice(120, 599);
    const mean = later.reduce((a, b) => a + b, 0) / later.length;
    expect(Math.max(...later)).toBeLessThan(mean * 2.2);
    expect(Math.min(...later)).toBeGreaterThan(mean * 0.3);
  });
});

/** A node at the mouth of the river tunnel. */
function tunnelPortal(): [number, number] {
  const { edgeFlags, edgeFrom, nodeLng7, nodeLat7 } = map.graph;
  const edge = edgeFlags.findIndex((flags) => (flags & 4) !== 0);
  const node = edgeFrom[edge]!;
  return [nodeLng7[node]! / 1e7, nodeLat7[node]! / 1e7];
}

describe("the roster", () => {
  it("has the same units for the same seed, and a smaller one is the beginning of a larger one", () => {
    const large = demoRoster(5, 300, map.stations, () => [0, 0]);
    expect(demoRoster(5, 300, map.stations, () => [0, 0])).toEqual(large);
    expect(demoRoster(5, 40, map.stations, () => [0, 0])).toEqual(large.slice(0, 40));
    expect(new Set(large.map((u) => u.callsign)).size).toBe(300);
    const count = (kind: string) => large.filter((u) => u.kind === kind).length;
    expect([count("foot"), count("car"), count("motorcycle")]).toEqual([135, 105, 60]);
  });
});
