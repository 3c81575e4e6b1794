import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lineString, nearestPointOnLine, point } from "@turf/turf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { importExtract } from "../import-extract.ts";
import { openMap } from "../open-map.ts";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "../testing/shared-data.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { ACCESS } from "./access.ts";
import { forEachRoadSegment, nearestRoadDistanceM } from "./nearest-road.ts";
import { edgeGeometry, type RoadGraph } from "./road-graph.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-nearest-"));
});
afterAll(() => rm(folder, { recursive: true }));

const EARTH_RADIUS_M = 6_371_008.8;

/** Nearest by looking at every piece of every segment, on a plane through the position; shares no code with the index. */
function bruteForceM(graph: RoadGraph, [lng, lat]: readonly [number, number]): number {
  const scale = (EARTH_RADIUS_M * Math.PI) / 180;
  const cosine = Math.cos((lat * Math.PI) / 180);
  let best = Number.POSITIVE_INFINITY;
  forEachRoadSegment(graph, (_, points) => {
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]].map((p) => [
        ((p?.[0] ?? 0) - lng) * scale * cosine,
        ((p?.[1] ?? 0) - lat) * scale,
      ]) as [[number, number], [number, number]];
      const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
      const length = ux * ux + uy * uy;
      const t = length === 0 ? 0 : Math.max(0, Math.min(1, -(a[0] * ux + a[1] * uy) / length));
      best = Math.min(best, Math.hypot(a[0] + t * ux, a[1] + t * uy));
    }
  });
  return best;
}

it.skipIf(!hasSharedData)(`equals a look at every road of Chengdu${WITHOUT_SHARED_DATA}`, async () => {
  await importExtract(sharedExtract("chengdu-wuhou.osm"), folder);
  const { graph, report } = await openMap(folder);
  const [west, south, east, north] = report.bounds;
  const random = mulberry32(11);
  for (let i = 0; i < 500; i++) {
    const position = [west + random() * (east - west), south + random() * (north - south)] as const;
    const found = nearestRoadDistanceM(graph, position, 2_000);
    const exact = bruteForceM(graph, position);
    expect(found?.distanceM, `seed 11, question ${i}`).toBeCloseTo(exact, 6);
    if (!found || i >= 100) continue;
    // Another library agrees on where it is.
    const line = lineString(edgeGeometry(graph, found.edge).map((p) => [...p]));
    const turf = nearestPointOnLine(line, point([...position]), { units: "meters" });
    expect(turf.properties.pointDistance).toBeCloseTo(found.distanceM, 0);
    expect(turf.properties.totalDistance).toBeCloseTo(found.alongM, 0);
    expect(nearestRoadDistanceM(graph, found.point, 5)?.distanceM).toBeLessThan(0.02);
  }
});

it("finds nothing beyond its reach, off the Earth, or where the road is not for the asker", () => {
  const graph = buildSmallGraph({
    nodes: gridNodes(2, 2),
    ways: [
      { id: 1, nodes: [1, 2], tags: { highway: "footway" } },
      { id: 2, nodes: [3, 4], tags: { highway: "residential", oneway: "-1" } },
    ],
  });
  const position = [8.0005, 49.0001] as const;
  expect(nearestRoadDistanceM(graph, position, 11)).toBeUndefined();
  expect(nearestRoadDistanceM(graph, position, 12)?.distanceM).toBeCloseTo(11.12, 1);
  expect(nearestRoadDistanceM(graph, position, 99, { access: ACCESS.CAR })).toBeUndefined();
  const car = nearestRoadDistanceM(graph, position, 101, { access: ACCESS.CAR });
  expect(car?.distanceM).toBeCloseTo(100.08, 1);
  // The street may be driven from its last point to its first only; the position counts from where one drives in.
  expect(edgeGeometry(graph, car?.edge ?? 0)[0]).toEqual([8.001, 49.001]);
  expect(car?.alongM).toBeCloseTo(36.5, 0);
  for (const bad of [
    [Number.NaN, 49],
    [8, Number.POSITIVE_INFINITY],
    [8, 95],
  ] as const) {
    expect(nearestRoadDistanceM(graph, bad, 1_000)).toBeUndefined();
  }
});
