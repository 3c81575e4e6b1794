import type { Elements, OsmWay } from "../osm/collect-elements.ts";
import { accessOf, isCarBarrier, type WayAccess } from "./access.ts";
import { findHighwayClass, findRoadClass, isStreet } from "./road-class.ts";
import { NODE_FLAG } from "./road-graph.ts";

export interface RoadWay {
  readonly way: OsmWay;
  readonly roadClass: number;
  readonly access: WayAccess;
}

export interface SelectedRoads {
  readonly roads: readonly RoadWay[];
  /** Ways of a class for motor traffic (motorway to service), squares included. */
  readonly roadWays: number;
  /** Nodes of those ways. */
  readonly roadNodes: number;
  /** Traffic signals of the extract. */
  readonly signals: number;
  /** By node position: how often a road uses the node, 255 for at least 255; ends count twice. */
  readonly uses: Uint8Array;
  /** By node position: NODE_FLAG bits. */
  readonly flags: Uint8Array;
}

/** Picks the roads of an extract and counts how they meet. */
export function selectRoads(elements: Elements): SelectedRoads {
  const roads: RoadWay[] = [];
  const uses = new Uint8Array(elements.nodeCount);
  const onStreet = new Uint8Array(elements.nodeCount);
  let roadWays = 0;
  for (const way of elements.ways) {
    const highwayClass = findHighwayClass(way.tags);
    if (highwayClass === undefined) continue;
    if (isStreet(highwayClass)) {
      roadWays++;
      for (const node of elements.refs.subarray(way.start, way.end)) if (node >= 0) onStreet[node] = 1;
    }
    const roadClass = findRoadClass(way.tags);
    if (roadClass === undefined) continue;
    roads.push({ way, roadClass, access: accessOf(way.tags, roadClass) });
    countUses(elements, way, uses);
  }
  const roadNodes = onStreet.reduce((count, on) => count + on, 0);
  return { roads, roadWays, roadNodes, ...flagNodes(elements), uses };
}

function countUses({ refs }: Elements, way: OsmWay, uses: Uint8Array): void {
  for (let i = way.start; i < way.end; i++) {
    const node = refs[i] as number;
    if (node < 0) continue;
    const more = i === way.start || i === way.end - 1 ? 2 : 1;
    uses[node] = Math.min(255, (uses[node] as number) + more);
  }
}

function flagNodes(elements: Elements): { flags: Uint8Array; signals: number } {
  const flags = new Uint8Array(elements.nodeCount);
  let signals = 0;
  for (const [node, tags] of elements.nodeTags) {
    if (tags.get("highway") === "traffic_signals") {
      flags[node] = (flags[node] as number) | NODE_FLAG.SIGNAL;
      signals++;
    }
    if (isCarBarrier(tags)) flags[node] = (flags[node] as number) | NODE_FLAG.CAR_BARRIER;
  }
  return { flags, signals };
}
