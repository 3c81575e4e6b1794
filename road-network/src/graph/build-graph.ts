import type { Elements } from "../osm/collect-elements.ts";
import { ExtractError } from "../osm/extract-error.ts";
import { ACCESS } from "./access.ts";
import { findCarComponents } from "./car-components.ts";
import { cutSegments, type Segment } from "./cut-segments.ts";
import { hilbertOrder } from "./hilbert-order.ts";
import { maxspeedKmh } from "./maxspeed.ts";
import type { RoadGraphColumns } from "./network-columns.ts";
import { readRestrictions, resolveRestrictions } from "./restrictions.ts";
import { CLASS_SPEED_KMH } from "./road-class.ts";
import { EDGE_FLAG, NODE_FLAG } from "./road-graph.ts";
import { type RoadWay, type SelectedRoads, selectRoads } from "./select-roads.ts";
import { TextTable } from "./text-table.ts";

export interface BuiltGraph {
  readonly graph: RoadGraphColumns;
  readonly facts: {
    readonly roadWays: number;
    readonly roadNodes: number;
    readonly edges: number;
    readonly components: number;
    readonly largestComponentShare: number;
    /** Restriction relations of the extract. */
    readonly restrictions: number;
    readonly signals: number;
    readonly namedWays: number;
  };
  readonly warnings: readonly string[];
}

/**
 * Builds the road graph of an extract.
 * @throws ExtractError EXTRACT_NO_ROADS
 */
export function buildGraph(elements: Elements, version: string): BuiltGraph {
  const selected = selectRoads(elements);
  const restrictions = readRestrictions(elements);
  const { uses, flags } = selected;
  for (const node of restrictions.viaNodes) uses[node] = Math.max(2, uses[node] as number);
  const { segments, points } = cutSegments(
    elements,
    selected.roads,
    (node) => (uses[node] as number) >= 2 || flags[node] !== 0,
  );
  if (segments.length === 0) {
    throw new ExtractError(
      "EXTRACT_NO_ROADS",
      `The extract has ${elements.ways.length} ways and none of them is a road; give an extract with “highway” tags and their nodes`,
    );
  }
  const { graphNodeOf, nodeColumns } = numberNodes(elements, segments, points, flags);
  const ordered = segments.sort(
    (a, b) =>
      graphNodeAt(graphNodeOf, points, a.start) - graphNodeAt(graphNodeOf, points, b.start) || a.start - b.start,
  );
  const edges = edgeColumns(elements, selected, ordered, points, graphNodeOf);
  const ways = wayColumns(selected.roads);
  const network = { ...nodeColumns, ...edges, ...outgoing(nodeColumns.nodeFlags.length, edges) };
  const components = findCarComponents(network);
  const resolved = resolveRestrictions(restrictions, {
    roads: selected.roads,
    graphNodeOf,
    edgeFrom: edges.edgeFrom,
    edgeTo: edges.edgeTo,
    edgeWay: edges.edgeWay,
    edgeAccess: edges.edgeAccess,
  });
  const namedWays = ways.columns.wayName.reduce((count, name) => count + (name > 0 ? 1 : 0), 0);
  return {
    graph: {
      version,
      ...network,
      ...shapeColumns(elements, ordered, points),
      ...ways.columns,
      ...resolved.columns,
      edgeComponent: components.edgeComponent,
      texts: ways.texts,
    },
    facts: {
      roadWays: selected.roadWays,
      roadNodes: selected.roadNodes,
      edges: edges.edgeAccess.reduce((count, access) => count + (access > 0 ? 1 : 0), 0),
      components: components.count,
      largestComponentShare: components.largestShare,
      restrictions: restrictions.count,
      signals: selected.signals,
      namedWays,
    },
    warnings: warningsOf(components.largestShare, resolved.skipped, selected.roads),
  };
}

function graphNodeAt(graphNodeOf: Int32Array, points: readonly number[], at: number): number {
  return graphNodeOf[points[at] as number] as number;
}

/** Numbers the ends of segments along a Hilbert curve. */
function numberNodes(elements: Elements, segments: readonly Segment[], points: readonly number[], flags: Uint8Array) {
  const graphNodeOf = new Int32Array(elements.nodeCount).fill(-1);
  const positions: number[] = [];
  for (const { start, end } of segments) {
    for (const at of [start, end - 1]) {
      const node = points[at] as number;
      if (graphNodeOf[node] !== -1) continue;
      graphNodeOf[node] = positions.length;
      positions.push(node);
    }
  }
  const order = hilbertOrder(
    Int32Array.from(positions, (node) => elements.lng7[node] as number),
    Int32Array.from(positions, (node) => elements.lat7[node] as number),
  );
  const nodes = Int32Array.from(order, (place) => positions[place] as number);
  for (const [number, node] of nodes.entries()) graphNodeOf[node] = number;
  return {
    graphNodeOf,
    nodeColumns: {
      nodeLng7: nodes.map((node) => elements.lng7[node] as number),
      nodeLat7: nodes.map((node) => elements.lat7[node] as number),
      nodeFlags: Uint8Array.from(nodes, (node) => flags[node] as number),
    },
  };
}

function edgeColumns(
  elements: Elements,
  { roads, flags }: SelectedRoads,
  segments: readonly Segment[],
  points: readonly number[],
  graphNodeOf: Int32Array,
) {
  const count = segments.length * 2;
  const columns = {
    edgeFrom: new Uint32Array(count),
    edgeTo: new Uint32Array(count),
    edgeLengthDm: new Uint32Array(count),
    edgeClass: new Uint8Array(count),
    edgeSpeedKmh: new Uint8Array(count),
    edgeMaxspeedKmh: new Uint8Array(count),
    edgeAccess: new Uint8Array(count),
    edgeFlags: new Uint8Array(count),
    edgeWay: new Uint32Array(count),
  };
  const speeds = roads.map(({ way }) => maxspeedKmh(way.tags));
  for (const [s, segment] of segments.entries()) {
    const road = roads[segment.road] as RoadWay;
    const first = points[segment.start] as number;
    const last = points[segment.end - 1] as number;
    const limit = speeds[segment.road] as number;
    const street = streetFlags(road);
    for (const backward of [0, 1]) {
      const edge = 2 * s + backward;
      const end = backward ? first : last;
      columns.edgeFrom[edge] = graphNodeOf[backward ? last : first] as number;
      columns.edgeTo[edge] = graphNodeOf[end] as number;
      columns.edgeLengthDm[edge] = segment.lengthDm;
      columns.edgeClass[edge] = road.roadClass;
      columns.edgeSpeedKmh[edge] = limit || (CLASS_SPEED_KMH[road.roadClass] as number);
      columns.edgeMaxspeedKmh[edge] = limit;
      columns.edgeAccess[edge] = backward ? road.access.backward : road.access.forward;
      columns.edgeFlags[edge] =
        street | (signalFaces(elements, flags, end, backward === 1) ? EDGE_FLAG.SIGNAL_AT_END : 0);
      columns.edgeWay[edge] = segment.road;
    }
  }
  return columns;
}

function streetFlags({ way: { tags }, access }: RoadWay): number {
  const driven = ACCESS.CAR | ACCESS.MOTORCYCLE | ACCESS.EMERGENCY;
  const junction = tags.get("junction");
  return (
    ((access.forward & driven) !== (access.backward & driven) ? EDGE_FLAG.ONEWAY : 0) |
    (isYes(tags.get("bridge")) ? EDGE_FLAG.BRIDGE : 0) |
    (isYes(tags.get("tunnel")) ? EDGE_FLAG.TUNNEL : 0) |
    (junction === "roundabout" || junction === "circular" ? EDGE_FLAG.ROUNDABOUT : 0)
  );
}

/** A signal may be tagged for one direction of its way only: the stop line before a junction. */
function signalFaces(elements: Elements, flags: Uint8Array, node: number, backward: boolean): boolean {
  if (((flags[node] as number) & NODE_FLAG.SIGNAL) === 0) return false;
  const direction = elements.nodeTags.get(node)?.get("traffic_signals:direction");
  return direction === "forward" ? !backward : direction === "backward" ? backward : true;
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && value !== "no";
}

function outgoing(nodeCount: number, { edgeFrom, edgeAccess }: { edgeFrom: Uint32Array; edgeAccess: Uint8Array }) {
  const outStart = new Uint32Array(nodeCount + 1);
  const isUsed = (edge: number) => ((edgeAccess[edge] as number) | (edgeAccess[edge ^ 1] as number)) !== 0;
  for (let edge = 0; edge < edgeFrom.length; edge++) {
    if (isUsed(edge))
      outStart[(edgeFrom[edge] as number) + 1] = (outStart[(edgeFrom[edge] as number) + 1] as number) + 1;
  }
  for (let node = 0; node < nodeCount; node++) {
    outStart[node + 1] = (outStart[node + 1] as number) + (outStart[node] as number);
  }
  const next = outStart.slice();
  const outEdges = new Uint32Array(outStart[nodeCount] as number);
  for (let edge = 0; edge < edgeFrom.length; edge++) {
    if (!isUsed(edge)) continue;
    const node = edgeFrom[edge] as number;
    const at = next[node] as number;
    next[node] = at + 1;
    outEdges[at] = edge;
  }
  return { outStart, outEdges };
}

function shapeColumns(elements: Elements, segments: readonly Segment[], points: readonly number[]) {
  const shapeStart = new Uint32Array(segments.length + 1);
  for (const [s, { start, end }] of segments.entries()) shapeStart[s + 1] = (shapeStart[s] as number) + end - start;
  const total = shapeStart[segments.length] as number;
  const shapeLng7 = new Int32Array(total);
  const shapeLat7 = new Int32Array(total);
  for (const [s, { start, end }] of segments.entries()) {
    const offset = (shapeStart[s] as number) - start;
    for (let i = start; i < end; i++) {
      shapeLng7[offset + i] = elements.lng7[points[i] as number] as number;
      shapeLat7[offset + i] = elements.lat7[points[i] as number] as number;
    }
  }
  return { shapeStart, shapeLng7, shapeLat7 };
}

function wayColumns(roads: readonly RoadWay[]) {
  const texts = new TextTable();
  const named = (key: string) => Uint32Array.from(roads, ({ way }) => texts.add(way.tags.get(key) ?? ""));
  const columns = {
    wayId: Float64Array.from(roads, ({ way }) => way.id),
    wayName: Uint32Array.from(roads, ({ way: { tags } }) =>
      texts.add(tags.get("name") ?? tags.get("name:zh") ?? tags.get("name:en") ?? ""),
    ),
    wayNameEn: named("name:en"),
    wayNameZh: named("name:zh"),
    wayRef: named("ref"),
    wayLanes: Uint8Array.from(roads, ({ way }) => {
      const lanes = Math.round(Number(way.tags.get("lanes") ?? 0));
      return lanes > 0 && lanes < 100 ? lanes : 0;
    }),
  };
  return { columns, texts: texts.list() };
}

function warningsOf(largestShare: number, skipped: number, roads: readonly RoadWay[]): string[] {
  const warnings: string[] = [];
  if (largestShare < 0.8) {
    warnings.push(
      `only ${(largestShare * 100).toFixed(1)} % of the car roads can reach one another; the extract may be cut too tightly`,
    );
  }
  if (skipped > 0) warnings.push(`${skipped} turn restrictions do not fit the roads of the extract and are left out`);
  if (!roads.some(({ way }) => way.tags.has("maxspeed")))
    warnings.push("no road has a speed limit; speeds are those of its class");
  if (!roads.some(({ way }) => way.tags.has("name"))) warnings.push("no road has a name");
  return warnings;
}
