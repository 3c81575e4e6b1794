import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { booleanPointInPolygon, distance, length, lineString, multiPolygon } from "@turf/turf";
import { type ExclusionReason, NearestAnswer, type Position, ResponseArea, type UnitKind } from "@wufen/contract";
import {
  createTravelModel,
  importExtract,
  nearestRoadDistanceM,
  type RoadGraph,
  TRAVEL_PROFILES,
} from "@wufen/road-network";
import { Value } from "typebox/value";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildSmallGraph, gridNodes } from "../../road-network/src/testing/build-small-graph.ts";
import { forwardTimesDs, lookUpDs } from "../../road-network/src/testing/forward-oracle.ts";
import { mulberry32, type SmallExtract } from "../../road-network/src/testing/small-extract.ts";
import { RoadAreas } from "../src/adapters/road-areas.ts";
import {
  createRoadModel,
  createTravelModels,
  OFF_ROAD_MAX_M,
  openRoadModel,
  type RoadModel,
} from "../src/adapters/road-model.ts";
import { nearestUnits, type UnitOnDuty } from "../src/domain/nearest-units.ts";
import { createStraightLineModel } from "../src/domain/straight-line-model.ts";
import type { TravelTimeModel } from "../src/domain/travel-time-model.ts";

/**
 * Two banks of a river, one bridge in the north, an island with a road of its own, and a foot path.
 * Straight over the water it is one kilometre.
 */
const RIVER = `<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="30.5600" lon="114.300"/><node id="2" lat="30.5700" lon="114.300"/><node id="3" lat="30.6362" lon="114.300"/>
<node id="4" lat="30.5600" lon="114.310"/><node id="5" lat="30.5700" lon="114.310"/><node id="6" lat="30.6362" lon="114.310"/>
<node id="7" lat="30.6000" lon="114.305"/><node id="8" lat="30.6010" lon="114.305"/>
<node id="9" lat="30.5700" lon="114.320"/>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="maxspeed" v="60"/></way>
<way id="2"><nd ref="4"/><nd ref="5"/><nd ref="6"/><tag k="highway" v="primary"/><tag k="maxspeed" v="60"/></way>
<way id="3"><nd ref="3"/><nd ref="6"/><tag k="highway" v="primary"/><tag k="maxspeed" v="60"/><tag k="bridge" v="yes"/></way>
<way id="4"><nd ref="7"/><nd ref="8"/><tag k="highway" v="residential"/></way>
<way id="5"><nd ref="5"/><nd ref="9"/><tag k="highway" v="footway"/></way>
</osm>`;
const INCIDENT: Position = [114.31, 30.6];

let folder: string;
let river: RoadModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-roads-"));
  await writeFile(join(folder, "river.osm"), RIVER);
  await importExtract(join(folder, "river.osm"), join(folder, "map"));
  river = await openRoadModel(join(folder, "map"));
});
afterAll(async () => {
  await river?.close();
  await rm(folder, { recursive: true });
});

const opened: RoadModel[] = [];
afterEach(() => Promise.all(opened.splice(0).map((model) => model.close())));
function modelOf(extract: SmallExtract): { model: RoadModel; graph: RoadGraph } {
  const graph = buildSmallGraph(extract);
  const models = createTravelModels(graph);
  const model = createRoadModel(graph, models, RoadAreas.startInThread(models));
  opened.push(model);
  return { model, graph };
}

const unit = (id: string, position: Position, more: Partial<UnitOnDuty> = {}): UnitOnDuty => ({
  id,
  no: 1,
  callsign: id,
  kind: "car",
  status: "available",
  fix: { position, ageMs: 0, accuracyM: 5 },
  ...more,
});
const ask = (
  units: readonly UnitOnDuty[],
  more: { place?: Position; limit?: number } = {},
  model: TravelTimeModel = river,
) => {
  const answer = nearestUnits(units, { place: INCIDENT, ...more }, model, 0);
  expect([...Value.Errors(NearestAnswer, answer)]).toEqual([]);
  return answer;
};
const excludedOf = (answer: NearestAnswer) =>
  Object.fromEntries(answer.excluded.map(({ unitId, reason }): [string, ExclusionReason] => [unitId, reason]));

describe("the nearest units by road", () => {
  const across = unit("across", [114.3, 30.6]);
  const along = unit("along", [114.31, 30.573]);

  it("across the river: the straight line sends the unit 9 minutes away, the road the one 3 minutes away", () => {
    const straight = ask([across, along], {}, createStraightLineModel());
    expect(straight.units.map(({ unitId }) => unitId)).toEqual(["across", "along"]);
    const { units, model } = ask([across, along]);
    expect(model).toEqual({ kind: "road", graphVersion: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(units.map(({ unitId, etaSeconds }) => [unitId, Math.round(etaSeconds / 60)])).toEqual([
      ["along", 3],
      ["across", 9],
    ]);
    expect(units[1]?.distanceM).toBeCloseTo(2 * 4025 + 957, -2);
    expect(units[1]?.straightLineM).toBeCloseTo(957, -1);
  });

  it("[N2] leave out who has no road, with the reason, also where the list is full without them", () => {
    const units = [
      along,
      unit("boat", [114.306, 30.6], { kind: "boat" }),
      unit("island", [114.305, 30.6005]),
      unit("meadow", [114.33, 30.6]),
      unit("no fix", [0, 0], { fix: undefined }),
      unit("old", [114.31, 30.6], { fix: { position: INCIDENT, ageMs: 600_000, accuracyM: 5 } }),
      unit("another world", [-70, -80]),
      unit("nowhere", [Number.NaN, 30]),
    ];
    for (const limit of [1, 50]) {
      const answer = ask(
        units.filter(({ id }) => limit > 1 || id !== "nowhere"),
        { limit },
      );
      expect(answer.units.map(({ unitId }) => unitId)).toEqual(["along"]);
      expect(excludedOf(answer)).toEqual({
        "no fix": "no-position",
        old: "stale",
        ...Object.fromEntries(
          ["boat", "island", "meadow", "another world", ...(limit > 1 ? ["nowhere"] : [])].map((id) => [
            id,
            "unreachable",
          ]),
        ),
      });
    }
  });

  it("answer a place far from any road, outside the extract, or on an island with nobody, and say so of each", () => {
    for (const place of [
      [114.35, 30.6],
      [8.7, 49.4],
      [0, -90],
      [114.305, 30.6005],
    ] as Position[]) {
      const answer = ask([across, along], { place });
      expect(answer.units).toEqual([]);
      expect(excludedOf(answer)).toEqual({ across: "unreachable", along: "unreachable" });
    }
    expect(ask([]).units).toEqual([]);
  });

  it("go on the roads of their own kind", () => {
    const place: Position = [114.319, 30.57];
    const walkers = [unit("walker", [114.31, 30.5701], { kind: "foot" }), unit("driver", [114.31, 30.5701])];
    const answer = ask(walkers, { place });
    expect(answer.units.map(({ unitId }) => unitId)).toEqual(["walker"]);
    expect(answer.units[0]?.etaSeconds).toBeCloseTo((861 + 11) / (5 / 3.6), -1);
    expect(excludedOf(answer)).toEqual({ driver: "unreachable" });
  });

  it("[N3] give a tie to the smaller id, whatever the order they are asked in", () => {
    const ids = ["u-9", "u-10", "u-1", "u-11", "u-2"];
    const units = ids.map((id) => unit(id, [114.31, 30.59]));
    for (const order of [units, units.toReversed()]) {
      expect(ask(order, { limit: 3 }).units.map(({ unitId }) => unitId)).toEqual(["u-1", "u-10", "u-11"]);
    }
  });

  it("ten thousand units on one edge are ranked as few are", () => {
    const crowd = Array.from({ length: 10_000 }, (_, i) => unit(`u-${String(i).padStart(5, "0")}`, [114.31, 30.57]));
    const answer = ask([...crowd, along], { limit: 3 });
    expect(answer.units.map(({ unitId }) => unitId)).toEqual(["along", "u-00000", "u-00001"]);
    expect(answer.excluded).toEqual([]);
  });

  it("[N4] have a band that age, accuracy and the way beside the road widen, the last one upwards only", () => {
    const spread = (position: Position, ageMs = 0, accuracyM = 5) => {
      const [first] = ask([unit("u", position, { fix: { position, ageMs, accuracyM } })]).units;
      const [earliest = 0, latest = 0] = first?.etaBandSeconds ?? [];
      return { before: (first?.etaSeconds ?? 0) - earliest, after: latest - (first?.etaSeconds ?? 0) };
    };
    const fresh = spread([114.31, 30.58]);
    expect(fresh.before).toBeCloseTo(0.5, 5);
    expect(fresh.after).toBeCloseTo(0.5, 5);
    expect(spread([114.31, 30.58], 30_000)).toEqual({
      before: expect.closeTo(30.5, 5),
      after: expect.closeTo(30.5, 5),
    });
    expect(spread([114.31, 30.58], 0, 105).after).toBeCloseTo(10.5, 5);
    const beside = spread([114.311, 30.58]);
    expect(beside.before).toBeCloseTo(0.5, 5);
    expect(beside.after).toBeCloseTo(0.5 + 95.7 / 1.2, 0);
  });

  it("can be drawn: the way begins at the unit, ends at the place and is as long as it says", () => {
    const candidates = [across, along].map(({ id, kind, fix }) => ({ id, kind, position: fix?.position ?? INCIDENT }));
    for (const { candidate, route, distanceM } of river.soonest(INCIDENT, candidates, 2).arrivals) {
      const line = route?.() ?? [];
      expect(distance(line[0] ?? [0, 0], candidate.position, { units: "meters" })).toBeLessThan(1);
      expect(distance(line.at(-1) ?? [0, 0], INCIDENT, { units: "meters" })).toBeLessThan(1);
      expect(length(lineString(line), { units: "meters" })).toBeCloseTo(distanceM, -1);
    }
    const drawn = [unit("there", INCIDENT), along, across, unit("fourth", [114.3, 30.59])];
    const { units } = ask(drawn);
    expect(units.map(({ unitId, route }) => [unitId, route?.coordinates.length ?? 0])).toEqual([
      ["there", 0],
      ["along", 2],
      ["across", 4],
      ["fourth", 0],
    ]);
  });
});

describe("on made-up streets", () => {
  const KINDS: readonly UnitKind[] = ["car", "motorcycle", "foot"];
  const COLUMNS = 9;

  /** A grid with one-way streets, walks and gaps. */
  function createStreets(random: () => number): SmallExtract {
    const ways: { id: number; nodes: number[]; tags: Record<string, string> }[] = [];
    const street = (a: number, b: number) => {
      const tags: Record<string, string> = { highway: random() < 0.2 ? "footway" : "residential" };
      if (random() < 0.3) tags.oneway = random() < 0.5 ? "yes" : "-1";
      if (random() < 0.9) ways.push({ id: ways.length + 1, nodes: [a, b], tags });
    };
    for (let node = 1; node <= COLUMNS * COLUMNS; node++) {
      if (node % COLUMNS !== 0) street(node, node + 1);
      if (node + COLUMNS <= COLUMNS * COLUMNS) street(node, node + COLUMNS);
    }
    return { nodes: gridNodes(COLUMNS, COLUMNS), ways };
  }

  it.each([1, 2, 3, 4, 5, 6])(
    "[N1, N2, N3] the ranking is that of a full search from every unit; who has no way is named (seed %i)",
    (seed) => {
      const random = mulberry32(seed);
      const { model, graph } = modelOf(createStreets(random));
      const travel = Object.fromEntries(
        ([...KINDS, "boat"] as const).map((kind) => [
          kind,
          kind === "boat" ? undefined : createTravelModel(graph, TRAVEL_PROFILES[kind]),
        ]),
      );
      const spot = (): Position => [8 + random() * 0.009, 49 + random() * 0.009];
      const units = Array.from({ length: 40 }, (_, i) => {
        const kind = random() < 0.05 ? "boat" : (KINDS[i % 3] as UnitKind);
        return { id: `u-${Math.floor(random() * 1e6)}`, kind, position: spot() };
      });
      const oracle = units.map(({ id, kind, position }) => {
        const roads = travel[kind];
        const from = roads && nearestRoadDistanceM(graph, position, OFF_ROAD_MAX_M, { access: roads.profile.access });
        const times = roads && from && forwardTimesDs(roads, from);
        const secondsTo = (place: Position) => {
          const to = roads && nearestRoadDistanceM(graph, place, OFF_ROAD_MAX_M, { access: roads.profile.access });
          return roads && from && times && to ? lookUpDs(roads, times, from, to) / 10 : -1;
        };
        return { id, secondsTo };
      });
      for (let question = 0; question < 40; question++) {
        const place = spot();
        const limit = 1 + Math.floor(random() * 40);
        const all = oracle.map(({ id, secondsTo }) => ({ id, etaSeconds: secondsTo(place) }));
        const exact = all
          .filter(({ etaSeconds }) => etaSeconds >= 0)
          .sort((a, b) => a.etaSeconds - b.etaSeconds || (a.id < b.id ? -1 : 1));
        const answer = model.soonest(place, units, limit);
        const told = answer.arrivals.map(({ candidate, etaSeconds }) => ({ id: candidate.id, etaSeconds }));
        expect(told, `seed ${seed}, question ${question}`).toEqual(exact.slice(0, limit));
        const lost = new Set(all.filter(({ etaSeconds }) => etaSeconds < 0).map(({ id }) => id));
        for (const { id } of answer.unreachable) expect(lost, `seed ${seed}, question ${question}`).toContain(id);
        if (told.length < limit) expect(answer.unreachable).toHaveLength(lost.size);
        expect(model.soonest(place, units.toReversed(), limit)).toMatchObject({
          arrivals: told.map(({ id }) => ({ candidate: { id } })),
          unreachable: answer.unreachable,
        });
      }
    },
  );
});

describe("the area by road", () => {
  const areaOf = async (
    center: Position,
    kind: UnitKind,
    minutes: number,
    model: TravelTimeModel = river,
    from = true,
  ) => {
    const geometry = await model.areaWithin(center, kind, minutes, from ? "from-center" : "to-center");
    const rings = [{ minutes, geometry }];
    expect([...Value.Errors(ResponseArea, { model: model.describe(), center, kind, rings })]).toEqual([]);
    return geometry.coordinates;
  };
  const holds = (area: Position[][][], place: Position) => booleanPointInPolygon(place, multiPolygon(area));

  it("is along the bank and not across the water", async () => {
    const area = await areaOf([114.3, 30.6], "car", 3);
    expect(holds(area, [114.3, 30.6])).toBe(true);
    expect(holds(area, [114.3, 30.575])).toBe(true);
    expect(holds(area, INCIDENT)).toBe(false);
    expect(holds(await areaOf([114.3, 30.6], "car", 10), INCIDENT)).toBe(true);
  });

  it("grows with the minutes", async () => {
    const north: number[] = [];
    for (const minutes of [1, 3, 5]) {
      const area = await areaOf([114.3, 30.6], "car", minutes);
      north.push(Math.max(...area.flat(2).map(([, lat]) => lat)));
    }
    expect(north).toEqual(north.toSorted((a, b) => a - b));
    expect(new Set(north).size).toBe(3);
  });

  it("has holes, and tells who gets there from where one gets", async () => {
    // A square of one-way streets, driven counter-clockwise from node 1, around a wide block.
    const nodes = [
      { id: 1, lng: 8, lat: 49 },
      { id: 2, lng: 8.01, lat: 49 },
      { id: 3, lng: 8.01, lat: 49.007 },
      { id: 4, lng: 8, lat: 49.007 },
    ];
    const ways = [{ id: 1, nodes: [1, 2, 3, 4, 1], tags: { highway: "residential", oneway: "yes" } }];
    const { model } = modelOf({ nodes, ways });
    const start: Position = [8.005, 49];
    const whole = await areaOf(start, "car", 10, model);
    expect(whole[0]?.length).toBe(2);
    expect(holds(whole, [8.005, 49.0035])).toBe(false);
    const ends: Position[] = [
      [8.01, 49.001],
      [8, 49.001],
    ];
    const from = await areaOf(start, "car", 1, model);
    expect(ends.map((place) => holds(from, place))).toEqual([true, false]);
    const to = await areaOf(start, "car", 1, model, false);
    expect(ends.map((place) => holds(to, place))).toEqual([false, true]);
  });

  it("is nothing where the kind has no road", async () => {
    expect(await areaOf([114.35, 30.6], "car", 5)).toEqual([]);
    expect(await areaOf(INCIDENT, "boat", 5)).toEqual([]);
    expect(await areaOf([8.7, 49.4], "foot", 5)).toEqual([]);
  });

  it("waits its turn, and a crowd is refused", async () => {
    const asked = Array.from({ length: 201 }, () => river.areaWithin(INCIDENT, "car", 1, "from-center"));
    const settled = await Promise.allSettled(asked);
    expect(settled.filter(({ status }) => status === "rejected")).toMatchObject([
      { reason: { code: "TOO_MANY_REQUESTS" } },
    ]);
    expect((await river.areaWithin(INCIDENT, "car", 1, "from-center")).coordinates).not.toEqual([]);
  });
});
