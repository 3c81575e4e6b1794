import type { LngLat } from "../geo/local-metres.ts";
import { edgeGeometry, type RoadGraph } from "../graph/road-graph.ts";
import { cutLine } from "./response-area.ts";
import type { RoadPlace } from "./road-place.ts";

/** The line of a way over edges, from a place on the first to a place on the last, as nearestUnits gives the edges. */
export function routeLine(graph: RoadGraph, edges: readonly number[], from: RoadPlace, to: RoadPlace): LngLat[] {
  const line: LngLat[] = [];
  for (const [i, edge] of edges.entries()) {
    const start = i === 0 ? shareOn(graph, edge, from) : 0;
    const end = i === edges.length - 1 ? shareOn(graph, edge, to) : 1;
    const points =
      start === 0 && end === 1 ? edgeGeometry(graph, edge) : cutLine(edgeGeometry(graph, edge), [start, end]);
    for (const point of points) {
      const last = line[line.length - 1];
      if (last?.[0] !== point[0] || last[1] !== point[1]) line.push(point);
    }
  }
  return line;
}

/** Street names along a way, each once in a row, nameless stretches left out. */
export function listStreets(graph: RoadGraph, edges: readonly number[]): string[] {
  const streets: string[] = [];
  for (const edge of edges) {
    const name = graph.text(graph.wayName[graph.edgeWay[edge] as number] as number);
    if (name !== "" && name !== streets[streets.length - 1]) streets.push(name);
  }
  return streets;
}

function shareOn(graph: RoadGraph, edge: number, place: RoadPlace): number {
  const share = Math.min(1, Math.max(0, (place.alongM * 10) / (graph.edgeLengthDm[place.edge] as number)));
  return place.edge === edge ? share : 1 - share;
}
