import { length, lineString } from "@turf/turf";
import { expect, it } from "vitest";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { createFleet, nearestUnits } from "./nearest-units.ts";
import { listStreets, routeLine } from "./route-line.ts";
import { createTravelModel, UNUSABLE } from "./travel-model.ts";
import { TRAVEL_PROFILES } from "./travel-profile.ts";
import { UnitsOnRoads } from "./units-on-roads.ts";

it("a route's line is as long as the search says and joins the unit to the place, whichever way round", () => {
  const graph = buildSmallGraph({
    nodes: gridNodes(4, 4),
    ways: [
      { id: 1, nodes: [1, 2, 3, 4, 8], tags: { highway: "residential", name: "甲路" } },
      { id: 2, nodes: [5, 6, 7, 8], tags: { highway: "residential", oneway: "yes", name: "乙路" } },
      { id: 3, nodes: [13, 9, 5, 1], tags: { highway: "primary" } },
      { id: 4, nodes: [13, 14, 15, 16, 12, 8], tags: { highway: "residential", name: "丙路" } },
      { id: 5, nodes: [2, 6, 10, 14], tags: { highway: "residential", oneway: "-1" } },
    ],
  });
  const model = createTravelModel(graph, TRAVEL_PROFILES.car);
  const random = mulberry32(41);
  const randomPlace = () => {
    for (;;) {
      const edge = Math.floor(random() * graph.edgeCount);
      if (model.edgeTimeDs[edge] !== UNUSABLE || model.edgeTimeDs[edge ^ 1] !== UNUSABLE) {
        return { edge, alongM: (random() * (graph.edgeLengthDm[edge] as number)) / 10 };
      }
    }
  };
  const fleet = createFleet(new UnitsOnRoads(model));
  for (let question = 0; question < 200; question++) {
    const from = randomPlace();
    const to = randomPlace();
    fleet.units.place(0, from);
    const [found] = nearestUnits({ fleets: [fleet], placeOf: () => to, count: 1, maxDs: 1e6, isEligible: () => true });
    if (!found) throw new Error(`question ${question}: nobody comes from ${from.edge} to ${to.edge}`);
    const line = routeLine(graph, found.edges, from, to);
    const metres = line.length < 2 ? 0 : length(lineString(line.map((p) => [...p])), { units: "meters" });
    expect(Math.abs(metres - found.distanceM), `question ${question}`).toBeLessThan(3);
  }
});

it("streets are named once in a row", () => {
  const graph = buildSmallGraph({
    nodes: gridNodes(5, 1),
    ways: [
      { id: 1, nodes: [1, 2], tags: { highway: "primary", name: "甲路" } },
      { id: 2, nodes: [2, 3], tags: { highway: "primary", name: "甲路" } },
      { id: 3, nodes: [3, 4], tags: { highway: "primary" } },
      { id: 4, nodes: [4, 5], tags: { highway: "primary", name: "乙路" } },
    ],
  });
  const edges = [...graph.edgeFrom.keys()]
    .filter((edge) => (edge & 1) === 0)
    .sort((a, b) => (graph.edgeWay[a] as number) - (graph.edgeWay[b] as number));
  expect(listStreets(graph, edges)).toEqual(["甲路", "乙路"]);
});
