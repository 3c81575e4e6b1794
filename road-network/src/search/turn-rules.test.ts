import { expect, it } from "vitest";
import { ACCESS } from "../graph/access.ts";
import { RESTRICTION_KIND, type RoadGraph } from "../graph/road-graph.ts";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { forwardTimesDs } from "../testing/forward-oracle.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { createTravelModel, type TravelModel, UNUSABLE } from "./travel-model.ts";
import { TRAVEL_PROFILES } from "./travel-profile.ts";

/** A random small graph with random restrictions of two to four edges, straight into its columns. */
function randomRestricted(seed: number): RoadGraph {
  const random = mulberry32(seed);
  const ways = [];
  for (let id = 1; id <= 14; id++) {
    const from = 1 + Math.floor(random() * 9);
    const to = random() < 0.5 ? from + 1 : from + 3;
    if (to > 9 || (to === from + 1 && from % 3 === 0)) continue;
    ways.push({ id, nodes: [from, to], tags: { highway: "residential", oneway: random() < 0.3 ? "yes" : "no" } });
  }
  const graph = buildSmallGraph({ nodes: gridNodes(3, 3), ways });
  const kinds: number[] = [];
  const starts = [0];
  const edges: number[] = [];
  for (let r = 0; r < 8; r++) {
    const sequence = [Math.floor(random() * graph.edgeCount)];
    const length = 2 + Math.floor(random() * 3);
    while (sequence.length < length) {
      const last = sequence[sequence.length - 1] as number;
      const node = graph.edgeTo[last] as number;
      const out = graph.outEdges
        .slice(graph.outStart[node], graph.outStart[node + 1])
        .filter((edge) => edge !== (last ^ 1));
      if (out.length === 0) break;
      sequence.push(out[Math.floor(random() * out.length)] as number);
    }
    if (sequence.length < 2) continue;
    kinds.push(random() < 0.75 ? RESTRICTION_KIND.NO : RESTRICTION_KIND.ONLY);
    edges.push(...sequence);
    starts.push(edges.length);
  }
  return {
    ...graph,
    restrictionKind: Uint8Array.from(kinds),
    restrictionVehicles: Uint8Array.from(kinds, () => ACCESS.CAR),
    restrictionStart: Uint32Array.from(starts),
    restrictionEdges: Uint32Array.from(edges),
  };
}

/** Times from the end of an edge, in either direction of it, by a search over whole recent histories, checked against each restriction by comparing sequences. */
function timesByHistory(graph: RoadGraph, model: TravelModel, start: number): Map<number, number> {
  const restrictions = Array.from(graph.restrictionKind, (kind, r) => ({
    kind,
    edges: [...graph.restrictionEdges.slice(graph.restrictionStart[r], graph.restrictionStart[r + 1])],
  })).filter(({ edges }) => edges.every((edge) => model.edgeTimeDs[edge] !== UNUSABLE));
  const isAllowed = (history: readonly number[], next: number) =>
    restrictions.every(({ kind, edges }) => {
      const before = edges.slice(0, -1);
      const isMet = before.every((edge, i) => history[history.length - before.length + i] === edge);
      if (!isMet) return true;
      return kind === RESTRICTION_KIND.NO ? next !== edges[edges.length - 1] : next === edges[edges.length - 1];
    });
  const turnDs = (edge: number, next: number) => {
    // The cost of a turn does not depend on the restrictions: a model without any knows it.
    const at = Array.from(
      { length: (free.nextStart[edge + 1] as number) - (free.nextStart[edge] as number) },
      (_, i) => (free.nextStart[edge] as number) + i,
    );
    const found = at.find((i) => free.nextState[i] === next);
    return found === undefined ? undefined : (free.nextTurnDs[found] as number);
  };
  const free = createTravelModel(graph, { ...TRAVEL_PROFILES.car, obeysRestrictions: false });
  const best = new Map<number, number>();
  const seen = new Map<string, number>();
  const queue: { history: number[]; timeDs: number }[] = [{ history: [start], timeDs: 0 }];
  const back = model.edgeTimeDs[start ^ 1] as number;
  if (back !== UNUSABLE) queue.push({ history: [start ^ 1], timeDs: back });
  while (queue.length > 0) {
    queue.sort((a, b) => b.timeDs - a.timeDs);
    const { history, timeDs } = queue.pop() as { history: number[]; timeDs: number };
    const key = history.slice(-4).join(",");
    if (seen.has(key)) continue;
    seen.set(key, timeDs);
    const edge = history[history.length - 1] as number;
    if (!best.has(edge)) best.set(edge, timeDs);
    const node = graph.edgeTo[edge] as number;
    const out = [...graph.outEdges.slice(graph.outStart[node], graph.outStart[node + 1])].filter(
      (next) => model.edgeTimeDs[next] !== UNUSABLE && isAllowed(history, next),
    );
    const onward = out.filter((next) => next !== (edge ^ 1));
    for (const next of onward.length > 0 ? onward : out) {
      const cost = onward.length > 0 ? (turnDs(edge, next) ?? 0) : TRAVEL_PROFILES.car.uTurnSeconds * 10;
      queue.push({ history: [...history, next].slice(-4), timeDs: timeDs + cost + (model.edgeTimeDs[next] as number) });
    }
  }
  return best;
}

it("restrictions over nodes and via ways, overlapping, bind exactly as comparing whole histories says", () => {
  let restricted = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const graph = randomRestricted(seed);
    const model = createTravelModel(graph, TRAVEL_PROFILES.car);
    const free = createTravelModel(graph, { ...TRAVEL_PROFILES.car, obeysRestrictions: false });
    for (let start = 0; start < graph.edgeCount; start += 3) {
      if (model.edgeTimeDs[start] === UNUSABLE) continue;
      const wanted = timesByHistory(graph, model, start);
      const own = forwardFromEnd(model, start);
      const unrestricted = forwardFromEnd(free, start);
      for (let edge = 0; edge < graph.edgeCount; edge++) {
        expect(own.get(edge), `seed ${seed}, from ${start} to ${edge}`).toBe(wanted.get(edge));
        if (own.get(edge) !== unrestricted.get(edge)) restricted++;
      }
    }
  }
  // The fixtures are no use if nothing is ever in the way.
  expect(restricted).toBeGreaterThan(1_000);
});

/** Least time to the end of each edge from the end of one, over all states of the edge. */
function forwardFromEnd(model: TravelModel, start: number): Map<number, number> {
  const times = forwardTimesDs(model, { edge: start, alongM: (model.graph.edgeLengthDm[start] as number) / 10 });
  const best = new Map<number, number>();
  for (const [state, timeDs] of times.entries()) {
    if (timeDs < 0) continue;
    const edge = model.stateEdge[state] as number;
    best.set(edge, Math.min(timeDs, best.get(edge) ?? timeDs));
  }
  return best;
}
