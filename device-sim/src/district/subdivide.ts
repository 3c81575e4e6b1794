import { between, chance, type Random } from "../random.ts";
import { bentLine } from "./curves.ts";
import { angleAt, crossing, distance, isInside, orientedBox, type Point, ringArea, ringCentroid } from "./geometry.ts";
import type { RoadClass, Street } from "./plan.ts";
import type { PlanarMap } from "./planar-map.ts";
import type { Zone } from "./zones.ts";

/** What a face is used for and which community and base grid it belongs to (−1: not yet said). */
export interface Block {
  use: Zone | "water" | "park" | "lake" | "school" | "hospital" | "green";
  community: number;
  grid: number;
}

export interface SubdivideOptions {
  map: PlanarMap;
  streets: Street[];
  random: Random;
  zoneAt: (p: Point) => Zone;
  /** Faces that stay whole, with their use: decided once a face is small enough. */
  reserve: (ring: readonly Point[], areaM2: number) => Block["use"] | undefined;
  newCommunity: () => number;
  newGrid: () => number;
}

const COMMUNITY_M2 = 1_500_000;
const GRID_M2 = 210_000;

/** A block is cut no further below this size. */
const LEAF_M2: Record<Zone, number> = {
  oldtown: 8_500,
  commercial: 14_000,
  residential: 16_000,
  campus: 30_000,
  industrial: 52_000,
  village: 42_000,
};

/** Cuts a face again and again across its longer side: great blocks by wide streets, small ones by alleys. */
export function subdivideFace(
  start: number,
  block: Block,
  options: SubdivideOptions,
  blocks: Map<number, Block>,
): void {
  const { map } = options;
  const stack: { face: number; block: Block }[] = [{ face: start, block }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { face } = item;
    const ring = map.ring(face);
    const area = ringArea(ring);
    const own: Block = { ...item.block };
    if (own.community < 0 && area <= COMMUNITY_M2) own.community = options.newCommunity();
    if (own.grid < 0 && area <= GRID_M2 && own.community >= 0) own.grid = options.newGrid();
    const zone = options.zoneAt(ringCentroid(ring));
    own.use = zone;
    const reserved = options.reserve(ring, area);
    if (reserved) {
      own.use = reserved;
      if (own.community < 0) own.community = options.newCommunity();
      if (own.grid < 0) own.grid = options.newGrid();
      blocks.set(face, own);
      continue;
    }
    const isLeaf = area < LEAF_M2[zone] * between(options.random, 0.8, 1.7);
    const created = isLeaf ? undefined : cutFace(face, area, zone, options);
    if (created === undefined) {
      if (own.community < 0) own.community = options.newCommunity();
      if (own.grid < 0) own.grid = options.newGrid();
      blocks.set(face, own);
    } else {
      stack.push({ face, block: own }, { face: created, block: own });
    }
  }
}

function classFor(areaM2: number, zone: Zone, random: Random): RoadClass {
  if (areaM2 > 1_100_000) return "secondary";
  if (areaM2 > 300_000) return "tertiary";
  if (areaM2 > 60_000) return "residential";
  if (zone === "oldtown") return chance(random, 0.7) ? "living_street" : "residential";
  if (zone === "commercial") return chance(random, 0.6) ? "residential" : "service";
  return chance(random, 0.45) ? "service" : chance(random, 0.5) ? "living_street" : "residential";
}

/** The new face, or absent when no good cut was found. */
function cutFace(face: number, areaM2: number, zone: Zone, options: SubdivideOptions): number | undefined {
  const { map, random, streets } = options;
  const ring = map.ring(face);
  const box = orientedBox(ring);
  for (let attempt = 0; attempt < 8; attempt++) {
    const spread = attempt < 4 ? 0.1 : 0.22;
    const turn = between(random, -1, 1) * (attempt < 4 ? 0.1 : 0.3);
    const isSquarish = box.lengthM < box.widthM * 1.25;
    const along: Point = isSquarish && attempt % 3 === 2 ? [-box.axis[1], box.axis[0]] : box.axis;
    const at = between(random, -spread, spread) * box.lengthM;
    const through: Point = [box.centre[0] + along[0] * at, box.centre[1] + along[1] * at];
    const across: Point = [
      -along[1] * Math.cos(turn) + along[0] * Math.sin(turn),
      along[0] * Math.cos(turn) + along[1] * Math.sin(turn),
    ];
    const ends = findEnds(map, face, through, across, box.lengthM + box.widthM);
    if (!ends) continue;
    const roadClass = classFor(areaM2, zone, random);
    const line = proposeLine(map, ends, roadClass, random);
    if (line) {
      const street = streetThrough(map, line, roadClass, streets);
      const from = line.from.vertexEdge ?? map.splitEdge(line.from.edge, line.from.point);
      // The first split may have shortened the edge of the other end; they are never the same edge [see findEnds].
      const to = line.to.vertexEdge ?? map.splitEdge(line.to.edge, line.to.point);
      return map.splitFace(from, to, line.between, street);
    }
  }
  return undefined;
}

interface End {
  edge: number;
  point: Point;
  /** Set when the end lies on a vertex that exists already: the half-edge of this face that starts there. */
  vertexEdge?: number;
}

interface Cut {
  from: End;
  to: End;
  between: Point[];
}

function findEnds(map: PlanarMap, face: number, through: Point, across: Point, reachM: number): [End, End] | undefined {
  const a: Point = [through[0] - across[0] * reachM, through[1] - across[1] * reachM];
  const b: Point = [through[0] + across[0] * reachM, through[1] + across[1] * reachM];
  const hits: { t: number; edge: number; point: Point }[] = [];
  for (const h of map.halfEdges(face)) {
    const p = map.points[map.origin[h]!]!;
    const q = map.points[map.target(h)]!;
    const hit = crossing(a, b, p, q);
    if (hit) hits.push({ t: hit.t, edge: h, point: [p[0] + (q[0] - p[0]) * hit.u, p[1] + (q[1] - p[1]) * hit.u] });
  }
  if (hits.length < 2 || hits.length % 2 === 1) return undefined;
  hits.sort((x, y) => x.t - y.t);
  let best: [End, End] | undefined;
  let longest = 0;
  for (let i = 0; i + 1 < hits.length; i += 2) {
    const length = hits[i + 1]!.t - hits[i]!.t;
    if (length > longest && hits[i]!.edge !== hits[i + 1]!.edge) {
      longest = length;
      best = [hits[i]!, hits[i + 1]!];
    }
  }
  return best;
}

function proposeLine(map: PlanarMap, [a, b]: [End, End], roadClass: RoadClass, random: Random): Cut | undefined {
  const lengthM = distance(a.point, b.point);
  if (lengthM < 45) return undefined;
  const from = snapEnd(map, a, Math.min(75, lengthM * 0.2));
  const to = snapEnd(map, b, Math.min(75, lengthM * 0.2));
  if (!from || !to) return undefined;
  const bend = between(random, -1, 1) * (roadClass === "secondary" || roadClass === "tertiary" ? 0.05 : 0.035);
  const curved = lengthM > 130 ? bentLine(from.point, to.point, bend, 48) : [];
  for (const between of curved.length > 0 ? [curved, []] : [curved]) {
    const cut = { from, to, between };
    if (isGoodCut(map, cut)) return cut;
  }
  return undefined;
}

/** A street prefers to meet another street at a crossing that is there already, and never ends just beside one. */
function snapEnd(map: PlanarMap, end: End, withinM: number): End | undefined {
  const face = map.face[end.edge]!;
  let best: End | undefined;
  let bestM = withinM;
  for (const h of map.halfEdges(face)) {
    const v = map.origin[h]!;
    const degree = map.degree[v]!;
    const d = distance(map.points[v]!, end.point);
    const limit = degree === 3 ? bestM : degree === 2 ? Math.min(bestM, 16) : 0;
    if (d < limit) {
      bestM = d;
      best = { edge: h, point: map.points[v]!, vertexEdge: h };
    }
    if (degree > 3 && d < 22) return undefined;
  }
  if (best) return best;
  const p = map.points[map.origin[end.edge]!]!;
  const q = map.points[map.target(end.edge)]!;
  return distance(p, end.point) < 9 || distance(q, end.point) < 9 ? undefined : end;
}

const LEAST_ANGLE = (42 * Math.PI) / 180;

function isGoodCut(map: PlanarMap, { from, to, between }: Cut): boolean {
  if (from.edge === to.edge || (from.vertexEdge !== undefined && from.vertexEdge === to.vertexEdge)) return false;
  const face = map.face[from.edge]!;
  const line = [from.point, ...between, to.point];
  if (!leavesWell(map, from, line[1]!) || !leavesWell(map, to, line[line.length - 2]!)) return false;
  const ring = map.ring(face);
  for (let i = 1; i < line.length; i++) {
    const middle: Point = [(line[i - 1]![0] + line[i]![0]) / 2, (line[i - 1]![1] + line[i]![1]) / 2];
    if (!isInside(middle, ring)) return false;
    for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
      const hit = crossing(line[i - 1]!, line[i]!, ring[j]!, ring[k]!);
      if (!hit) continue;
      const isFirst = i === 1 && hit.t < 1e-6;
      const isLast = i === line.length - 1 && hit.t > 1 - 1e-6;
      if (!isFirst && !isLast) return false;
    }
  }
  const halves = halfAreas(map, from, to, line);
  return Math.min(...halves) > 0.22 * (halves[0] + halves[1]);
}

function leavesWell(map: PlanarMap, end: End, toward: Point): boolean {
  const before = end.vertexEdge === undefined ? map.origin[end.edge]! : map.origin[map.prev[end.vertexEdge]!]!;
  const after = map.target(end.vertexEdge ?? end.edge);
  return (
    angleAt(map.points[before]!, end.point, toward) > LEAST_ANGLE &&
    angleAt(map.points[after]!, end.point, toward) > LEAST_ANGLE
  );
}

function halfAreas(map: PlanarMap, from: End, to: End, line: readonly Point[]): [number, number] {
  const walkFrom = (start: End, stop: End): Point[] => {
    const out: Point[] = [];
    let h = start.vertexEdge ?? start.edge;
    const last = stop.vertexEdge === undefined ? stop.edge : map.prev[stop.vertexEdge]!;
    for (let guard = 0; guard < 10_000; guard++) {
      if (h === last) return out;
      out.push(map.points[map.target(h)]!);
      h = map.next[h]!;
    }
    throw new Error(`halfAreas: face ${map.face[h]} has no end; the map is broken`);
  };
  const left = Math.abs(ringArea([...line, ...walkFrom(to, from)]));
  const right = Math.abs(ringArea([...[...line].reverse(), ...walkFrom(from, to)]));
  return [left, right];
}

/** Carries on the street across a crossing when it is of the same class and nearly straight. */
function streetThrough(map: PlanarMap, cut: Cut, roadClass: RoadClass, streets: Street[]): number {
  const line = [cut.from.point, ...cut.between, cut.to.point];
  for (const [end, toward] of [
    [cut.from, line[1]!],
    [cut.to, line[line.length - 2]!],
  ] as const) {
    if (end.vertexEdge === undefined) continue;
    const v = map.origin[end.vertexEdge]!;
    let h = end.vertexEdge;
    do {
      const street = map.street[h >> 1]!;
      const far = map.points[map.target(h)]!;
      if (streets[street]!.roadClass === roadClass && street > 25 && angleAt(far, end.point, toward) > 2.7)
        return street;
      h = map.next[h ^ 1]!;
    } while (h !== end.vertexEdge && map.origin[h] === v);
  }
  return streets.push({ roadClass, crossesRiver: false }) - 1;
}
