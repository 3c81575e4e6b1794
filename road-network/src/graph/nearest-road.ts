import { type LngLat, METRES_PER_LAT7, metresPerLng7 } from "../geo/local-metres.ts";
import { ACCESS } from "./access.ts";
import { edgeGeometry, type RoadGraph } from "./road-graph.ts";

export interface RoadPosition {
  /** The edge along the segment's shape where its direction is allowed, else the one against it. */
  readonly edge: number;
  readonly distanceM: number;
  /** The nearest point of the road. */
  readonly point: LngLat;
  /** Metres from the edge's first node to the point. */
  readonly alongM: number;
}

export interface NearestRoadOptions {
  /** ACCESS bits of which the road must carry one; anybody's road unless given. */
  readonly access?: number;
}

const ANYBODY = ACCESS.CAR | ACCESS.FOOT | ACCESS.MOTORCYCLE | ACCESS.EMERGENCY;
/** First box that is searched; a position from GNSS is rarely farther from its road. */
const FIRST_REACH_M = 60;

/**
 * The point of the road network that is nearest to a position, straight line, or undefined where there is none within
 * `maxM`. Distances on a plane that touches at the position.
 */
export function nearestRoadDistanceM(
  graph: RoadGraph,
  [lng, lat]: LngLat,
  maxM: number,
  options: NearestRoadOptions = {},
): RoadPosition | undefined {
  const access = options.access ?? ANYBODY;
  const lng7 = lng * 1e7;
  const lat7 = lat * 1e7;
  const perLng = metresPerLng7(lat7);
  if (!(Number.isFinite(lng7) && Number.isFinite(lat7)) || perLng <= 0) return undefined;
  for (let reach = Math.min(FIRST_REACH_M, maxM); ; reach = Math.min(reach * 4, maxM)) {
    const dx = reach / perLng;
    const dy = reach / METRES_PER_LAT7;
    const segments = graph.segmentIndex.search(lng7 - dx, lat7 - dy, lng7 + dx, lat7 + dy);
    let best: SegmentPoint | undefined;
    for (const segment of segments) {
      if (!carries(graph, segment, access)) continue;
      best = nearestOnSegment(graph, segment, lng7, lat7, perLng, best?.distanceSqM ?? reach * reach) ?? best;
    }
    if (best) return toRoadPosition(graph, best, access);
    if (reach >= maxM) return undefined;
  }
}

/** Calls back for every road segment with its edge along the shape and its points. */
export function forEachRoadSegment(graph: RoadGraph, visit: (edge: number, points: LngLat[]) => void): void {
  for (let edge = 0; edge < graph.edgeCount; edge += 2) visit(edge, edgeGeometry(graph, edge));
}

interface SegmentPoint {
  readonly segment: number;
  readonly distanceSqM: number;
  /** Position of the piece's first point in the shape columns. */
  readonly piece: number;
  /** Share of the piece, 0 to 1. */
  readonly share: number;
}

function carries(graph: RoadGraph, segment: number, access: number): boolean {
  return (((graph.edgeAccess[2 * segment] as number) | (graph.edgeAccess[2 * segment + 1] as number)) & access) !== 0;
}

function nearestOnSegment(
  { shapeStart, shapeLng7, shapeLat7 }: RoadGraph,
  segment: number,
  lng7: number,
  lat7: number,
  perLng: number,
  belowSqM: number,
): SegmentPoint | undefined {
  let best: SegmentPoint | undefined;
  let bestSqM = belowSqM;
  const end = (shapeStart[segment + 1] as number) - 1;
  for (let i = shapeStart[segment] as number; i < end; i++) {
    const ax = ((shapeLng7[i] as number) - lng7) * perLng;
    const ay = ((shapeLat7[i] as number) - lat7) * METRES_PER_LAT7;
    const ux = ((shapeLng7[i + 1] as number) - (shapeLng7[i] as number)) * perLng;
    const uy = ((shapeLat7[i + 1] as number) - (shapeLat7[i] as number)) * METRES_PER_LAT7;
    const lengthSq = ux * ux + uy * uy;
    const share = lengthSq === 0 ? 0 : Math.min(1, Math.max(0, -(ax * ux + ay * uy) / lengthSq));
    const x = ax + share * ux;
    const y = ay + share * uy;
    const distanceSqM = x * x + y * y;
    if (distanceSqM < bestSqM || (best === undefined && distanceSqM === bestSqM)) {
      bestSqM = distanceSqM;
      best = { segment, distanceSqM, piece: i, share };
    }
  }
  return best;
}

function toRoadPosition(graph: RoadGraph, found: SegmentPoint, access: number): RoadPosition {
  const { shapeStart, shapeLng7, shapeLat7, edgeAccess, edgeLengthDm } = graph;
  const { segment, piece, share } = found;
  const lngAt = (i: number) => shapeLng7[i] as number;
  const latAt = (i: number) => shapeLat7[i] as number;
  let before = 0;
  let total = 0;
  for (let i = shapeStart[segment] as number; i < (shapeStart[segment + 1] as number) - 1; i++) {
    const dx = (lngAt(i + 1) - lngAt(i)) * metresPerLng7((latAt(i) + latAt(i + 1)) / 2);
    const dy = (latAt(i + 1) - latAt(i)) * METRES_PER_LAT7;
    const length = Math.sqrt(dx * dx + dy * dy);
    if (i < piece) before += length;
    else if (i === piece) before += length * share;
    total += length;
  }
  const forward = 2 * segment;
  const edge = ((edgeAccess[forward] as number) & access) !== 0 ? forward : forward + 1;
  const alongM = Math.min(before, (edgeLengthDm[edge] as number) / 10);
  return {
    edge,
    distanceM: Math.sqrt(found.distanceSqM),
    point: [
      (lngAt(piece) + (lngAt(piece + 1) - lngAt(piece)) * share) / 1e7,
      (latAt(piece) + (latAt(piece + 1) - latAt(piece)) * share) / 1e7,
    ],
    alongM: edge === forward ? alongM : Math.max(0, total - before),
  };
}
