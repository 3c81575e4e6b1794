import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RoadGraph } from "../graph/road-graph.ts";
import { importExtract } from "../import-extract.ts";
import { openMap } from "../open-map.ts";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { forwardTimesDs, lookUpDs } from "../testing/forward-oracle.ts";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "../testing/shared-data.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { createFleet, type NearestFleet, nearestUnits } from "./nearest-units.ts";
import type { RoadPlace } from "./road-place.ts";
import { createTravelModel } from "./travel-model.ts";
import { TRAVEL_PROFILES, type TravelProfileId } from "./travel-profile.ts";
import { UnitsOnRoads } from "./units-on-roads.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-units-"));
});
afterAll(() => rm(folder, { recursive: true }));

const EVERYBODY = () => true;
const FOREVER_DS = 10_000_000;

function randomPlace(graph: RoadGraph, random: () => number): RoadPlace {
  const edge = Math.floor(random() * graph.edgeCount);
  return { edge, alongM: random() * ((graph.edgeLengthDm[edge] as number) / 10) };
}

function createFleets(graph: RoadGraph, profiles: readonly TravelProfileId[]): NearestFleet[] {
  return profiles.map((id) => createFleet(new UnitsOnRoads(createTravelModel(graph, TRAVEL_PROFILES[id]))));
}

describe.skipIf(!hasSharedData)(
  `[N1] the ranking is that of a full search from every unit${WITHOUT_SHARED_DATA}`,
  () => {
    it.each([
      ["heidelberg.osm.pbf", ["car"] as const, 40, 60],
      ["jinan.osm.pbf", ["car"] as const, 60, 60],
      ["chengdu-wuhou.osm", ["car", "motorcycle", "foot"] as const, 40, 200],
      ["shanghai-center.osm", ["emergency", "foot"] as const, 30, 200],
    ])("%s by %s", async (name, profiles, unitCount, questions) => {
      await importExtract(sharedExtract(name), join(folder, name));
      const { graph } = await openMap(join(folder, name));
      const seed = 17;
      const random = mulberry32(seed);
      const fleets = createFleets(graph, profiles);
      const units = Array.from({ length: unitCount }, (_, unit) => {
        const fleet = fleets[unit % fleets.length] as NearestFleet;
        const place = randomPlace(graph, random);
        fleet.units.place(unit, place);
        return { unit, model: fleet.units.model, place, times: forwardTimesDs(fleet.units.model, place) };
      });
      for (let question = 0; question < questions; question++) {
        const place = randomPlace(graph, random);
        const left = new Set(units.filter(() => random() < 0.2).map(({ unit }) => unit));
        const exact = units
          .filter(({ unit }) => !left.has(unit))
          .map(({ unit, model, times, place: from }) => ({ unit, timeDs: lookUpDs(model, times, from, place) }))
          .filter(({ timeDs }) => timeDs >= 0)
          .sort((a, b) => a.timeDs - b.timeDs || a.unit - b.unit)
          .slice(0, 5);
        const found = nearestUnits({
          fleets,
          placeOf: () => place,
          count: 5,
          maxDs: FOREVER_DS,
          isEligible: (unit) => !left.has(unit),
        });
        expect(
          found.map(({ unit, timeDs }) => ({ unit, timeDs })),
          `seed ${seed}, question ${question}`,
        ).toEqual(exact);
      }
    });
  },
);

/** A street of four blocks, 1 to 5, of 73.0 m each: at 30 km/h a block takes 88 ds. */
function street(tags: Record<string, string> = {}) {
  const graph = buildSmallGraph({
    nodes: gridNodes(5, 1),
    ways: [1, 2, 3, 4].map((id) => ({ id, nodes: [id, id + 1], tags: { highway: "residential", ...tags } })),
  });
  const edgeFrom = (column: number) => {
    for (let edge = 0; edge < graph.edgeCount; edge += 2) {
      if (graph.nodeLng7[graph.edgeFrom[edge] as number] === 80_000_000 + (column - 1) * 10_000) return edge;
    }
    throw new Error(`No block begins at ${column}`);
  };
  const [fleet] = createFleets(graph, ["car"]);
  if (!fleet) throw new Error("No fleet");
  const ask = (
    place: RoadPlace | undefined,
    isEligible: (unit: number) => boolean = EVERYBODY,
    maxDs = FOREVER_DS,
    count = 3,
  ) => nearestUnits({ fleets: [fleet], placeOf: () => place, count, maxDs, isEligible });
  return { graph, edgeFrom, units: fleet.units, ask };
}

describe("units on one street", () => {
  it("count the part of the first and the last edge, in both directions", () => {
    const { edgeFrom, units, ask } = street();
    units.place(0, { edge: edgeFrom(1), alongM: 36.5 });
    units.place(1, { edge: edgeFrom(4), alongM: 73 });
    const found = ask({ edge: edgeFrom(2), alongM: 36.5 });
    expect(found.map(({ unit, timeDs, distanceM }) => [unit, timeDs, distanceM])).toEqual([
      [0, 88, 73],
      [1, 220, 183],
    ]);
    expect(found[0]?.edges).toEqual([edgeFrom(1), edgeFrom(2)]);
    expect(found[1]?.edges).toEqual([edgeFrom(4) ^ 1, edgeFrom(3) ^ 1, edgeFrom(2) ^ 1]);
  });

  it("on the incident's own edge drive straight to it, also backwards where that is allowed", () => {
    const { edgeFrom, units, ask } = street();
    units.place(0, { edge: edgeFrom(2), alongM: 60 });
    units.place(1, { edge: edgeFrom(2) ^ 1, alongM: 73 - 20 });
    expect(ask({ edge: edgeFrom(2), alongM: 30 }).map(({ unit, timeDs }) => [unit, timeDs])).toEqual([
      [1, 12],
      [0, 36],
    ]);
  });

  it("behind the incident on a one-way street do not come to it", () => {
    const { edgeFrom, units, ask } = street({ oneway: "yes" });
    units.place(0, { edge: edgeFrom(2), alongM: 60 });
    units.place(1, { edge: edgeFrom(1), alongM: 0 });
    expect(ask({ edge: edgeFrom(2), alongM: 30 }).map(({ unit }) => unit)).toEqual([1]);
  });

  it("[N3] ties go to the smaller number, also ten thousand on one edge", () => {
    const { edgeFrom, units, ask } = street();
    for (let unit = 9_999; unit >= 0; unit--) units.place(unit, { edge: edgeFrom(1), alongM: 10 });
    expect(ask({ edge: edgeFrom(3), alongM: 10 }).map(({ unit }) => unit)).toEqual([0, 1, 2]);
  });

  it("[N2] who is not eligible never wins", () => {
    const { edgeFrom, units, ask } = street();
    units.place(0, { edge: edgeFrom(1), alongM: 10 });
    units.place(1, { edge: edgeFrom(4), alongM: 10 });
    expect(ask({ edge: edgeFrom(1), alongM: 10 }, (unit) => unit !== 0).map(({ unit }) => unit)).toEqual([1]);
    expect(ask({ edge: edgeFrom(1), alongM: 10 }, () => false)).toEqual([]);
  });

  it("who moved or went away is found where it is now, or not at all", () => {
    const { edgeFrom, units, ask } = street();
    const place = { edge: edgeFrom(1), alongM: 0 };
    for (const unit of [0, 1, 2]) units.place(unit, { edge: edgeFrom(2), alongM: 5 });
    units.place(1, { edge: edgeFrom(4), alongM: 5 });
    units.remove(0);
    units.remove(0);
    units.remove(77);
    expect(ask(place).map(({ unit }) => unit)).toEqual([2, 1]);
  });

  it("beyond the limit there is nobody, and without units or place the answer is empty", () => {
    const { edgeFrom, units, ask } = street();
    expect(ask({ edge: edgeFrom(1), alongM: 0 })).toEqual([]);
    units.place(0, { edge: edgeFrom(2), alongM: 0 });
    expect(ask({ edge: edgeFrom(1), alongM: 0 }, EVERYBODY, 87)).toEqual([]);
    expect(ask({ edge: edgeFrom(1), alongM: 0 }, EVERYBODY, 88)).toHaveLength(1);
    expect(ask(undefined)).toEqual([]);
    expect(ask({ edge: edgeFrom(1), alongM: 0 }, EVERYBODY, FOREVER_DS, 0)).toEqual([]);
  });

  it("a fault while asking leaves the search usable", () => {
    const { edgeFrom, units, ask } = street();
    units.place(0, { edge: edgeFrom(2), alongM: 0 });
    const fail = () => {
      throw new Error("the roster is gone");
    };
    expect(() => ask({ edge: edgeFrom(1), alongM: 0 }, fail)).toThrow("the roster is gone");
    expect(ask({ edge: edgeFrom(1), alongM: 0 })).toHaveLength(1);
  });
});

it("across the river the unit that is close by air is far by road", () => {
  // Two banks 111 m apart; the only bridge is at the far east end.
  const columns = 30;
  const bank = (first: number) => Array.from({ length: columns }, (_, i) => first + i);
  const graph = buildSmallGraph({
    nodes: gridNodes(columns, 2),
    ways: [
      { id: 1, nodes: bank(1), tags: { highway: "primary" } },
      { id: 2, nodes: bank(columns + 1), tags: { highway: "primary" } },
      { id: 3, nodes: [columns, 2 * columns], tags: { highway: "primary", bridge: "yes" } },
    ],
  });
  const south =
    Array.from(graph.edgeTo.keys()).filter((edge) => graph.wayId[graph.edgeWay[edge] as number] === 1)[0] ?? -1;
  const north =
    Array.from(graph.edgeTo.keys()).filter((edge) => graph.wayId[graph.edgeWay[edge] as number] === 2)[0] ?? -1;
  const [fleet] = createFleets(graph, ["car"]);
  if (!fleet) throw new Error("No fleet");
  fleet.units.place(0, { edge: north, alongM: 0 });
  fleet.units.place(1, { edge: south, alongM: 1_000 });
  const found = nearestUnits({
    fleets: [fleet],
    placeOf: () => ({ edge: south, alongM: 0 }),
    count: 2,
    maxDs: FOREVER_DS,
    isEligible: EVERYBODY,
  });
  expect(found.map(({ unit }) => unit)).toEqual([1, 0]);
});
