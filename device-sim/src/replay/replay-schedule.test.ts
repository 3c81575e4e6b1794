import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importExtract, nearestRoadDistanceM, openMap } from "@wufen/road-network";
import { describe, expect, it } from "vitest";
import { toWgs84 } from "../link/gcj02.ts";
import { createRandom } from "../random.ts";
import { readTrips, type Trip } from "./read-trips.ts";
import { replaySchedule } from "./replay-schedule.ts";

const shared = fileURLToPath(new URL("../../../../shared/", import.meta.url));
const withoutShared = existsSync(shared) ? "" : " (skipped: ../shared/data is not beside the repository)";

function someTrips(seed: number): Trip[] {
  const random = createRandom(seed);
  return Array.from({ length: 40 }, (_, i) => {
    let afterS = 0;
    return {
      driver: `d${i % 7}`,
      startS: Math.floor(random() * 7 * 1440) * 60,
      points: Array.from({ length: 30 }, (_, k) => {
        afterS += k === 0 ? 0 : 1 + Math.floor(random() * 60);
        return { afterS, lng: 104 + random() * 0.01, lat: 30 + random() * 0.01 };
      }),
    };
  });
}

describe("the replay's schedule", () => {
  it("begins now, goes forward, and never has a driver at two places at a time", () => {
    for (const options of [{}, { longestPauseMs: 60_000 }]) {
      const fixes = replaySchedule(someTrips(3), { startMs: 1_000_000, speed: 3, ...options });
      expect(fixes[0]!.fixedAtMs).toBe(1_000_000);
      const last = new Map<string, number>();
      for (const [i, fix] of fixes.entries()) {
        if (i > 0) expect(fix.fixedAtMs).toBeGreaterThanOrEqual(fixes[i - 1]!.fixedAtMs);
        expect(fix.fixedAtMs).toBeGreaterThan(last.get(fix.driver) ?? 0);
        last.set(fix.driver, fix.fixedAtMs);
      }
    }
  });

  it("is a function of its arguments: another start shifts it, another speed stretches it", () => {
    const plain = replaySchedule(someTrips(4), { startMs: 0, speed: 1 });
    const later = replaySchedule(someTrips(4), { startMs: 5_000, speed: 1 });
    const slower = replaySchedule(someTrips(4), { startMs: 0, speed: 0.5 });
    expect(later).toEqual(plain.map((f) => ({ ...f, fixedAtMs: f.fixedAtMs + 5_000 })));
    expect(slower.map((f) => f.fixedAtMs)).toEqual(plain.map((f) => f.fixedAtMs * 2));
  });

  it("keeps the recorded time between the points of a trip and shortens only long halts", () => {
    const trips: Trip[] = [
      { driver: "a", startS: 600, points: [0, 10, 25].map((afterS) => ({ afterS, lng: 104, lat: 30 })) },
      { driver: "a", startS: 9_000, points: [0, 7].map((afterS) => ({ afterS, lng: 104, lat: 30 })) },
      { driver: "b", startS: 90_000, points: [0, 3].map((afterS) => ({ afterS, lng: 104, lat: 30 })) },
    ];
    const times = (driver: string, options: { longestPauseMs?: number }) =>
      replaySchedule(trips, { startMs: 0, speed: 1, ...options })
        .filter((f) => f.driver === driver)
        .map((f) => f.fixedAtMs);
    expect(times("a", { longestPauseMs: 60_000 })).toEqual([0, 10_000, 25_000, 85_000, 92_000]);
    expect(times("b", { longestPauseMs: 60_000 })).toEqual([0, 3_000]);
    expect(times("a", {})).toEqual([0, 10_000, 25_000, 8_400_000, 8_407_000]);
    expect(times("b", {})).toEqual([89_400_000, 89_403_000]);
  });

  it.skipIf(withoutShared !== "")(
    `drives Chengdu's taxis on Chengdu's streets: median under 8 m once converted from GCJ-02${withoutShared}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "wufen-chengdu-"));
      try {
        await importExtract(join(shared, "data/osm/chengdu-wuhou.osm"), folder);
        const { graph, report } = await openMap(folder);
        const [west, south, east, north] = report.bounds;
        const fixes = replaySchedule(readTrips(join(shared, "data/traces/deeptte-chengdu-test.jsonl")), {
          startMs: 1_786_000_000_000,
          speed: 1,
          longestPauseMs: 60_000,
        });
        const median = (place: (f: { lng: number; lat: number }) => [number, number]) => {
          const distances = fixes
            .map(place)
            .filter(
              ([lng, lat]) => lng > west + 0.003 && lng < east - 0.003 && lat > south + 0.003 && lat < north - 0.003,
            )
            .map((p) => nearestRoadDistanceM(graph, p, 2_000)?.distanceM ?? 2_000)
            .sort((a, b) => a - b);
          expect(distances.length).toBeGreaterThan(1_000);
          return distances[distances.length >> 1]!;
        };
        expect(median(({ lng, lat }) => toWgs84([lng, lat]))).toBeLessThan(8);
        expect(median(({ lng, lat }) => [lng, lat])).toBeGreaterThan(25);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
