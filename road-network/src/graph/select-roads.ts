import type { Elements, OsmWay } from "../osm/collect-elements.ts";
import { accessOf, isCarBarrier, type WayAccess } from "./access.ts";
import { findRoadClass } from "./road-class.ts";
import { NODE_FLAG } from "./road-graph.ts";

export interface RoadWay {
  readonly way: OsmWay;
  readonly roadClass: number;
  readonly access: WayAccess;
}

export interface SelectedRoads {
  readonly roads: readonly RoadWay[];
  /** Ways with a road's class, also those nobody may use. */
  readonly roadWays: number;
  /** Nodes of those ways that the extract has. */
  readonly roadNodes: number;
  /** Nodes with traffic signals on them. */
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
  let roadWays = 0;
  for (const way of elements.ways) {
    const roadClass = findRoadClass(way.tags);
    if (roadClass === undefined) continue;
    roadWays++;
    const access = accessOf(way.tags, roadClass);
    roads.push({ way, roadClass, access });
    for (let i = way.start; i < way.end; i++) {
      const node = elements.refs[i] as number;
      if (node < 0) continue;
      const more = i === way.start || i === way.end - 1 ? 2 : 1;
      uses[node] = Math.min(255, (uses[node] as number) + more);
    }
  }
  const { flags, signals } = flagNodes(elements, uses);
  let roadNodes = 0;
  for (const use of uses) if (use > 0) roadNodes++;
  return { roads, roadWays, roadNodes, signals, uses, flags };
}

function flagNodes(elements: Elements, uses: Uint8Array): { flags: Uint8Array; signals: number } {
  const flags = new Uint8Array(elements.nodeCount);
  let signals = 0;
  for (const [node, tags] of elements.nodeTags) {
    if (uses[node] === 0) continue;
    if (tags.get("highway") === "traffic_signals") {
      flags[node] = (flags[node] as number) | NODE_FLAG.SIGNAL;
      signals++;
    }
    if (isCarBarrier(tags)) flags[node] = (flags[node] as number) | NODE_FLAG.CAR_BARRIER;
  }
  return { flags, signals };
}
