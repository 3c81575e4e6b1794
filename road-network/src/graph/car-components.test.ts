import { expect, it } from "vitest";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import { mulberry32 } from "../testing/small-extract.ts";
import { ACCESS } from "./access.ts";
import { NO_COMPONENT, NODE_FLAG, type RoadGraph } from "./road-graph.ts";

function randomGraph(seed: number) {
  const random = mulberry32(seed);
  const pick = () => 1 + Math.floor(random() * 16);
  const nodes = gridNodes(4, 4).map((node) => (random() < 0.15 ? { ...node, tags: { barrier: "bollard" } } : node));
  const ways = Array.from({ length: 4 + Math.floor(random() * 16) }, (_, i) => ({
    id: i,
    nodes: Array.from({ length: 2 + Math.floor(random() * 3) }, pick),
    tags: {
      highway: random() < 0.1 ? "footway" : "residential",
      oneway: random() < 0.6 ? "yes" : "no",
    },
  }));
  return { nodes, ways };
}

/** Whether a car on one edge can come to another: breadth-first over edges, one pair at a time. */
function reaches(graph: RoadGraph, from: number, to: number): boolean {
  const seen = new Set([from]);
  const queue = [from];
  for (let edge = queue.pop(); edge !== undefined; edge = queue.pop()) {
    const node = graph.edgeTo[edge] as number;
    const closed = ((graph.nodeFlags[node] as number) & NODE_FLAG.CAR_BARRIER) !== 0;
    for (let next = 0; next < graph.edgeCount; next++) {
      if (graph.edgeFrom[next] !== node || ((graph.edgeAccess[next] as number) & ACCESS.CAR) === 0) continue;
      if (closed && next !== (edge ^ 1)) continue;
      if (next === to) return true;
      if (!seen.has(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  return false;
}

it("two car edges are in one component exactly when each can reach the other and itself again", () => {
  let pairs = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const extract = randomGraph(seed);
    let graph: ReturnType<typeof buildSmallGraph>;
    try {
      graph = buildSmallGraph(extract);
    } catch {
      continue;
    }
    const cars = Array.from(graph.edgeAccess.keys()).filter(
      (edge) => ((graph.edgeAccess[edge] as number) & ACCESS.CAR) !== 0,
    );
    for (const a of cars) {
      const component = graph.edgeComponent[a];
      expect(component !== NO_COMPONENT, `seed ${seed}, edge ${a}`).toBe(reaches(graph, a, a));
      for (const b of cars) {
        if (b <= a) continue;
        pairs++;
        const together = reaches(graph, a, b) && reaches(graph, b, a);
        const same = component !== NO_COMPONENT && component === graph.edgeComponent[b];
        expect(same, `seed ${seed}, edges ${a} and ${b}`).toBe(together);
      }
    }
  }
  expect(pairs).toBeGreaterThan(5_000);
});
