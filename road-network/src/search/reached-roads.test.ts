import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { booleanPointInPolygon } from "@turf/turf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { edgeGeometry } from "../graph/road-graph.ts";
import { importExtract } from "../import-extract.ts";
import { openMap } from "../open-map.ts";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { forwardTimesDs, lookUpDs } from "../testing/forward-oracle.ts";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "../testing/shared-data.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { type ReachedRoads, ReachSearch, reachedStretches } from "./reached-roads.ts";
import { cutLine, reachedLengthM, reachedLines, responseArea } from "./response-area.ts";
import type { RoadPlace } from "./road-place.ts";
import { createTravelModel, type TravelModel, UNUSABLE } from "./travel-model.ts";
import { TRAVEL_PROFILES } from "./travel-profile.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-reach-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function openModel(name: string, profile: keyof typeof TRAVEL_PROFILES): Promise<TravelModel> {
  await importExtract(sharedExtract(name), join(folder, name));
  return createTravelModel((await openMap(join(folder, name))).graph, TRAVEL_PROFILES[profile]);
}

function randomPlace(model: TravelModel, random: () => number): RoadPlace {
  for (;;) {
    const edge = Math.floor(random() * model.graph.edgeCount);
    if (model.edgeTimeDs[edge] === UNUSABLE) continue;
    return { edge, alongM: (random() * (model.graph.edgeLengthDm[edge] as number)) / 10 };
  }
}

/** The earliest time at a place by the pieces, or undefined where none covers it. */
function timeAtDs(reached: ReachedRoads, { edge, alongM }: RoadPlace): number | undefined {
  const share = alongM / ((reached.model.graph.edgeLengthDm[edge] as number) / 10);
  let best: number | undefined;
  for (let i = 0; i < reached.count; i++) {
    const piece = reached.edges[i] as number;
    if (piece >> 1 !== edge >> 1) continue;
    const at = piece === edge ? share : 1 - share;
    const from = reached.fromShare[i] as number;
    if (at < from) continue;
    const fromDs = reached.fromDs[i] as number;
    const timeDs = fromDs + (((reached.toDs[i] as number) - fromDs) * (at - from)) / (1 - from);
    if (timeDs <= reached.limitDs && (best === undefined || timeDs < best)) best = timeDs;
  }
  return best;
}

describe.skipIf(!hasSharedData)(`reached roads are those of a full search${WITHOUT_SHARED_DATA}`, () => {
  it.each([
    ["chengdu-wuhou.osm", "car", 1_200],
    ["shanghai-center.osm", "motorcycle", 900],
    ["shanghai-center.osm", "foot", 6_000],
  ] as const)("%s by %s", async (name, profile, limitDs) => {
    const model = await openModel(name, profile);
    const random = mulberry32(23);
    const search = new ReachSearch(model);
    for (let question = 0; question < 6; question++) {
      const place = randomPlace(model, random);
      const times = forwardTimesDs(model, place);
      const from = search.from([place], limitDs);
      const to = search.to(place, limitDs);
      for (let i = 0; i < 40; i++) {
        const other = randomPlace(model, random);
        check(
          lookUpDs(model, times, place, other),
          timeAtDs(from, other),
          limitDs,
          `from, question ${question}, place ${i}`,
        );
        const back = lookUpDs(model, forwardTimesDs(model, other), other, place);
        check(back, timeAtDs(to, other), limitDs, `to, question ${question}, place ${i}`);
      }
    }
  });

  it("from many places at once every road has the time of the nearest", async () => {
    const model = await openModel("chengdu-wuhou.osm", "car");
    const random = mulberry32(29);
    const places = Array.from({ length: 8 }, () => randomPlace(model, random));
    const times = places.map((place) => forwardTimesDs(model, place));
    const reached = new ReachSearch(model).from(places, 900);
    for (let i = 0; i < 150; i++) {
      const other = randomPlace(model, random);
      const exact = places
        .map((place, p) => lookUpDs(model, times[p] as Int32Array, place, other))
        .filter((ds) => ds >= 0);
      check(exact.length > 0 ? Math.min(...exact) : -1, timeAtDs(reached, other), 900, `place ${i}`);
    }
  });
});

/** Places are rounded to whole deciseconds on the edge, so a difference of two is none. */
function check(exactDs: number, foundDs: number | undefined, limitDs: number, where: string): void {
  if (exactDs < 0 || exactDs > limitDs + 2) expect(foundDs, where).toBeUndefined();
  else if (exactDs < limitDs - 2) expect(Math.abs((foundDs ?? Number.NaN) - exactDs), where).toBeLessThanOrEqual(2);
}

describe.skipIf(!hasSharedData)(`the polygon of a response area${WITHOUT_SHARED_DATA}`, () => {
  it("holds 97 % of the reached road, and 95 % of the road in it is reached", async () => {
    const model = await openModel("heidelberg.osm.pbf", "car");
    const { graph } = model;
    const random = mulberry32(31);
    const search = new ReachSearch(model);
    let both = 0;
    let reachedOnly = 0;
    let insideOnly = 0;
    for (let i = 0; i < 6; i++) {
      let place = randomPlace(model, random);
      while (graph.edgeComponent[place.edge] !== 0) place = randomPlace(model, random);
      const reached = search.from([place], 3_000);
      const stretches = reachedStretches(reached);
      const coordinates = responseArea(reached).map((rings) => rings.map((ring) => ring.map((p) => [...p])));
      const polygons = coordinates.map((rings) => ({ type: "Polygon" as const, coordinates: rings }));
      const xs = coordinates.flatMap((rings) => (rings[0] ?? []).map(([lng = 0]) => lng * 1e7));
      const ys = coordinates.flatMap((rings) => (rings[0] ?? []).map(([, lat = 0]) => lat * 1e7));
      const least = (list: number[]) => list.reduce((a, b) => Math.min(a, b));
      const most = (list: number[]) => list.reduce((a, b) => Math.max(a, b));
      const near = new Set(graph.segmentIndex.search(least(xs), least(ys), most(xs), most(ys)));
      for (const segment of [...near, ...[...stretches.keys()].filter((s) => !near.has(s))]) {
        const edge = 2 * segment;
        if (model.edgeTimeDs[edge] === UNUSABLE && model.edgeTimeDs[edge + 1] === UNUSABLE) continue;
        const metres = (graph.edgeLengthDm[edge] as number) / 10;
        const points = edgeGeometry(graph, edge);
        // One place in every 40 m, at random, stands for them.
        for (let k = 0; k < metres / 40; k++) {
          const share = random();
          const isReached = (stretches.get(segment) ?? []).some(([a, b]) => share >= a && share <= b);
          const [point] = cutLine(points, [share, 1]);
          const isInside = polygons.some((polygon) => booleanPointInPolygon([...(point ?? [0, 0])], polygon));
          if (isReached && isInside) both++;
          else if (isReached) reachedOnly++;
          else if (isInside) insideOnly++;
        }
      }
    }
    expect(both).toBeGreaterThan(3_000);
    expect(both / (both + reachedOnly)).toBeGreaterThanOrEqual(0.97);
    expect(both / (both + insideOnly)).toBeGreaterThanOrEqual(0.95);
  });
});

it("the response area of a unit by the river is that of the golden file", async () => {
  // Two banks with side streets; the bridge is in the east, so the far bank is reached only around it.
  const columns = 12;
  const row = (first: number) => Array.from({ length: columns }, (_, i) => first + i);
  const graph = buildSmallGraph({
    nodes: gridNodes(columns, 6),
    ways: [
      { id: 1, nodes: row(1), tags: { highway: "residential" } },
      { id: 2, nodes: row(columns + 1), tags: { highway: "residential" } },
      { id: 3, nodes: row(4 * columns + 1), tags: { highway: "residential" } },
      { id: 4, nodes: row(5 * columns + 1), tags: { highway: "residential" } },
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => ({
        id: 10 + i,
        nodes: [1 + i, columns + 1 + i],
        tags: { highway: "residential" },
      })),
      {
        id: 30,
        nodes: [2 * columns, 3 * columns, 4 * columns, 5 * columns],
        tags: { highway: "primary", bridge: "yes" },
      },
    ],
  });
  const model = createTravelModel(graph, TRAVEL_PROFILES.car);
  const start = [...graph.edgeFrom.keys()].find((edge) => graph.wayId[graph.edgeWay[edge] as number] === 1) as number;
  const reached = new ReachSearch(model).from([{ edge: start, alongM: 0 }], 1_300);
  const feature = (kind: string, geometry: object) =>
    JSON.stringify({ type: "Feature", properties: { kind }, geometry });
  const lines = [
    feature("area", { type: "MultiPolygon", coordinates: responseArea(reached) }),
    feature("roads", {
      type: "MultiLineString",
      coordinates: reachedLines(reached).map((line) =>
        line.map(([lng, lat]) => [Number(lng.toFixed(6)), Number(lat.toFixed(6))]),
      ),
    }),
  ];
  await expect(`{"type":"FeatureCollection","features":[\n${lines.join(",\n")}\n]}\n`).toMatchFileSnapshot(
    "fixtures/area-by-the-river.geojson",
  );
  expect(reachedLengthM(reached)).toBeGreaterThan(1_000);
});

it("a place nobody can leave reaches its own stretch, an unusable one nothing", () => {
  const graph = buildSmallGraph({
    nodes: gridNodes(3, 1),
    ways: [
      { id: 1, nodes: [1, 2], tags: { highway: "residential", oneway: "yes" } },
      { id: 2, nodes: [2, 3], tags: { highway: "footway" } },
    ],
  });
  const search = new ReachSearch(createTravelModel(graph, TRAVEL_PROFILES.car));
  const street = [...graph.edgeFrom.keys()].find((edge) => graph.wayId[graph.edgeWay[edge] as number] === 1) as number;
  expect(reachedLengthM(search.from([{ edge: street, alongM: 23 }], 3_000))).toBeCloseTo(50, 0);
  expect(reachedLengthM(search.to({ edge: street, alongM: 23 }, 3_000))).toBeCloseTo(23, 0);
  const path = [...graph.edgeFrom.keys()].find((edge) => graph.wayId[graph.edgeWay[edge] as number] === 2) as number;
  const nothing = search.from([{ edge: path, alongM: 1 }], 3_000);
  expect(nothing.count).toBe(0);
  expect(responseArea(nothing)).toEqual([]);
});
