import type Flatbush from "flatbush";
import type { LngLat } from "../geo/local-metres.ts";

/** Bits of `nodeFlags`. */
export const NODE_FLAG = {
  SIGNAL: 1,
  /** Cars cannot pass through the node (bollard, locked gate); walkers can. */
  CAR_BARRIER: 2,
} as const;

/** Bits of `edgeFlags`. */
export const EDGE_FLAG = {
  /** Its street carries motor traffic in one direction only. */
  ONEWAY: 1,
  BRIDGE: 2,
  TUNNEL: 4,
  /** A traffic signal faces whoever reaches the end of the edge. */
  SIGNAL_AT_END: 8,
  ROUNDABOUT: 16,
} as const;

/** Values of `restrictionKind`. */
export const RESTRICTION_KIND = {
  /** The sequence of edges is forbidden. */
  NO: 0,
  /** Who has driven all but the last edge must take the last one. */
  ONLY: 1,
} as const;

/** `edgeComponent` of an edge that cars may not use, or that leads from one component to another. */
export const NO_COMPONENT = 0xffff_ffff;

/**
 * A road network for an edge-based search. A *segment* is the road between two graph nodes (junctions, ends, signals,
 * barriers); segment s has two directed edges, 2s along its shape and 2s + 1 against it, so that `e ^ 1` is the way
 * back and `e >> 1` the segment. Who may use an edge says `edgeAccess`; 0 is nobody. Nodes, and with them segments,
 * are numbered along a Hilbert curve. All arrays are views of one SharedArrayBuffer once a graph is opened from disk.
 */
export interface RoadGraph {
  /** Changes with the source and with the builder. */
  readonly version: string;
  readonly nodeCount: number;
  /** Twice the number of segments. */
  readonly edgeCount: number;

  /** 1e-7 degrees. */
  readonly nodeLng7: Int32Array;
  readonly nodeLat7: Int32Array;
  /** NODE_FLAG bits. */
  readonly nodeFlags: Uint8Array;

  readonly edgeFrom: Uint32Array;
  readonly edgeTo: Uint32Array;
  /** Decimetres, at least 1. */
  readonly edgeLengthDm: Uint32Array;
  /** Position in ROAD_CLASSES. */
  readonly edgeClass: Uint8Array;
  /** Free-flow speed of a car: the limit where one is tagged, else the class's; at least 1. */
  readonly edgeSpeedKmh: Uint8Array;
  /** Tagged limit, 0 where there is none. */
  readonly edgeMaxspeedKmh: Uint8Array;
  /** ACCESS bits. */
  readonly edgeAccess: Uint8Array;
  /** EDGE_FLAG bits. */
  readonly edgeFlags: Uint8Array;
  /** Position in the way columns. */
  readonly edgeWay: Uint32Array;
  /** Strongly connected component for cars, 0 the longest; NO_COMPONENT outside. */
  readonly edgeComponent: Uint32Array;

  /** The edges that leave node n are `outEdges[outStart[n] .. outStart[n + 1])`; those that reach it are their `^ 1`. Edges nobody may use are left out in both directions only. */
  readonly outStart: Uint32Array;
  readonly outEdges: Uint32Array;

  /** The points of segment s, both nodes included, are `shapeLng7/shapeLat7[shapeStart[s] .. shapeStart[s + 1])`. */
  readonly shapeStart: Uint32Array;
  readonly shapeLng7: Int32Array;
  readonly shapeLat7: Int32Array;

  /** OSM way id. */
  readonly wayId: Float64Array;
  /** Positions for {@link RoadGraph.text}; 0 is the empty text. */
  readonly wayName: Uint32Array;
  readonly wayNameEn: Uint32Array;
  readonly wayNameZh: Uint32Array;
  readonly wayRef: Uint32Array;
  /** Lanes over both directions, 0 unknown. */
  readonly wayLanes: Uint8Array;
  text(index: number): string;

  /** RESTRICTION_KIND of restriction r; its edges are `restrictionEdges[restrictionStart[r] .. restrictionStart[r + 1])`, two at a node, more over via ways. */
  readonly restrictionKind: Uint8Array;
  /** ACCESS bits of whom it binds. */
  readonly restrictionVehicles: Uint8Array;
  readonly restrictionStart: Uint32Array;
  readonly restrictionEdges: Uint32Array;

  /** Boxes of the segments in 1e-7 degrees. */
  readonly segmentIndex: Flatbush;
}

/** Outgoing edges of a node that carry at least one of the given ACCESS bits. */
export function listOutgoingEdges(graph: RoadGraph, node: number, access: number): number[] {
  const edges: number[] = [];
  const end = graph.outStart[node + 1] as number;
  for (let i = graph.outStart[node] as number; i < end; i++) {
    const edge = graph.outEdges[i] as number;
    if (((graph.edgeAccess[edge] as number) & access) !== 0) edges.push(edge);
  }
  return edges;
}

/** The points of an edge from its first node to its last, degrees. */
export function edgeGeometry(graph: RoadGraph, edge: number): LngLat[] {
  const segment = edge >> 1;
  const start = graph.shapeStart[segment] as number;
  const end = graph.shapeStart[segment + 1] as number;
  const points: LngLat[] = [];
  for (let i = start; i < end; i++) {
    points.push([(graph.shapeLng7[i] as number) / 1e7, (graph.shapeLat7[i] as number) / 1e7]);
  }
  return (edge & 1) === 1 ? points.reverse() : points;
}

/** Street name of an edge as it is written on the spot, "" where it has none. */
export function edgeName(graph: RoadGraph, edge: number): string {
  return graph.text(graph.wayName[graph.edgeWay[edge] as number] as number);
}
