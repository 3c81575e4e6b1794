import { between, type Random } from "../random.ts";
import { evenSteps, offsetLine, smoothCurve } from "./curves.ts";
import {
  crossing,
  distance,
  distanceToLine,
  isInside,
  orientedBox,
  type Point,
  ringArea,
  ringCentroid,
} from "./geometry.ts";
import type { PlaceName } from "./names.ts";
import type { OsmDocument } from "./osm-document.ts";
import type { CityPlan } from "./plan.ts";
import type { PlanarMap } from "./planar-map.ts";

/** A soft shape inside a ring: at each bearing a share of the way from the centre to the edge. */
export function blob(ring: readonly Point[], share: number, roughness: number, random: Random): Point[] {
  const centre = ringCentroid(ring);
  const bearings = 28;
  const reach: number[] = [];
  for (let i = 0; i < bearings; i++) {
    const angle = (i / bearings) * 2 * Math.PI;
    const far: Point = [centre[0] + Math.cos(angle) * 5000, centre[1] + Math.sin(angle) * 5000];
    let nearest = 1;
    for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
      const hit = crossing(centre, far, ring[j]!, ring[k]!);
      if (hit && hit.t < nearest) nearest = hit.t;
    }
    reach.push(nearest === 1 ? 0 : nearest * 5000);
  }
  const phase = between(random, 0, 6.28);
  const knots: Point[] = reach.map((r, i) => {
    const soft = Math.min(r, (reach[(i + 1) % bearings]! + reach[(i + bearings - 1) % bearings]! + r) / 3);
    const angle = (i / bearings) * 2 * Math.PI;
    const wave = 1 - roughness * (0.5 + 0.28 * Math.sin(angle * 3 + phase) + 0.22 * Math.sin(angle * 5 - phase * 2));
    const radius = Math.max(4, soft * share * wave);
    return [centre[0] + Math.cos(angle) * radius, centre[1] + Math.sin(angle) * radius];
  });
  const curve = smoothCurve(knots, 22, true);
  curve.pop();
  return curve;
}

/** Lawn, trees, a pond, a round path and gates to the streets around. */
export function writePark(map: PlanarMap, face: number, name: PlaceName, document: OsmDocument, random: Random): void {
  const ring = map.ring(face);
  addFace(map, face, document, { leisure: "park", name: name.zh, "name:zh": name.zh, "name:en": name.en });
  const centre = ringCentroid(ring);
  const sizeM = Math.sqrt(ringArea(ring)) * 0.6;
  const isLarge = sizeM > 75;
  if (isLarge) document.addArea(blob(ring, 0.42, 0.5, random), { natural: "water", water: "pond" });
  for (let i = 0; i < (isLarge ? 4 : 1); i++) {
    const angle = between(random, 0, 2 * Math.PI);
    const offM = sizeM * (isLarge ? 0.6 : 0.2);
    const grove = Array.from({ length: 9 }, (_, k): Point => {
      const r = sizeM * 0.2 * between(random, 0.7, 1.15);
      const turn = (k / 9) * 2 * Math.PI;
      return [
        centre[0] + Math.cos(angle) * offM + Math.cos(turn) * r,
        centre[1] + Math.sin(angle) * offM + Math.sin(turn) * r,
      ];
    });
    if (grove.every((p) => isInside(p, ring))) document.addArea(grove, { natural: "wood" });
  }
  writeRoundPath(map, face, blob(ring, 0.72, 0.22, random), document, 4);
}

/** A lake in its park: shore path, green belt, an island when there is room. */
export function writeLake(map: PlanarMap, face: number, name: PlaceName, document: OsmDocument, random: Random): void {
  const ring = map.ring(face);
  addFace(map, face, document, { leisure: "park", name: `${name.zh}湖公园`, "name:en": `${name.en} Lake Park` });
  const shore = blob(ring, 0.86, 0.24, random);
  document.addArea(shore, {
    natural: "water",
    water: "lake",
    name: `${name.zh}湖`,
    "name:zh": `${name.zh}湖`,
    "name:en": `${name.en} Lake`,
  });
  const c = ringCentroid(shore);
  writeRoundPath(
    map,
    face,
    shore.map((p) => [c[0] + (p[0] - c[0]) * 1.06, c[1] + (p[1] - c[1]) * 1.06] as Point),
    document,
    9,
  );
}

function writeRoundPath(
  map: PlanarMap,
  face: number,
  path: readonly Point[],
  document: OsmDocument,
  gates: number,
): void {
  const nodes = path.map((p) => document.addNode(p));
  document.addWay([...nodes, nodes[0]!], { highway: "footway" });
  const crossings = map
    .halfEdges(face)
    .map((h) => map.origin[h]!)
    .filter((v) => map.degree[v]! >= 3);
  const step = Math.max(1, Math.floor(crossings.length / gates));
  for (let i = 0; i < crossings.length; i += step) {
    const v = crossings[i]!;
    const gate = map.points[v]!;
    const nearest = path.reduce((best, p, k) => (distance(p, gate) < distance(path[best]!, gate) ? k : best), 0);
    document.addWay([v + 1, nodes[nearest]!], { highway: "footway" });
  }
}

/** An area whose border is the block's own streets. */
export function addFace(map: PlanarMap, face: number, document: OsmDocument, tags: Record<string, string>): void {
  const nodes = map.halfEdges(face).map((h) => map.origin[h]! + 1);
  document.addWay([...nodes, nodes[0]!], tags);
}

/** A running track's outline in the middle of a school's ground, as long as the ground allows. */
export function sportsGround(ring: readonly Point[]): Point[] | undefined {
  const box = orientedBox(ring);
  const half = Math.min(box.lengthM * 0.28, 58);
  const radius = half * 0.48;
  const [cx, cy] = ringCentroid(ring);
  const [ax, ay] = box.axis;
  const out: Point[] = [];
  for (let i = 0; i < 20; i++) {
    const angle = (i / 20) * 2 * Math.PI + Math.PI / 20;
    const along = Math.cos(angle) * radius + Math.sign(Math.cos(angle)) * (half - radius);
    const across = Math.sin(angle) * radius;
    out.push([cx + ax * along - ay * across, cy + ay * along + ax * across]);
  }
  const border = [...ring, ring[0]!];
  return out.every((p) => isInside(p, ring) && distanceToLine(p, border) > 14) ? out : undefined;
}

/** A path along the water on both sides, with steps up to the embankment road at its crossings. */
export function writePromenades(map: PlanarMap, plan: CityPlan, document: OsmDocument): void {
  for (const [water, side] of [
    [plan.river.leftWater, 1],
    [plan.river.rightWater, -1],
  ] as const) {
    const path = evenSteps(
      offsetLine(water, () => side * 16),
      45,
    ).filter((p) => isInside(p, plan.ring));
    const nodes = path.map((p) => document.addNode(p));
    document.addWay(nodes, {
      highway: "footway",
      name: "江滩步道",
      "name:zh": "江滩步道",
      "name:en": "Riverside Walk",
    });
    let last: Point | undefined;
    for (const [v, crossingPoint] of map.points.entries()) {
      if (map.degree[v]! < 3 || (last && distance(last, crossingPoint) < 260)) continue;
      const nearest = path.reduce(
        (best, p, k) => (distance(p, crossingPoint) < distance(path[best]!, crossingPoint) ? k : best),
        0,
      );
      if (distance(path[nearest]!, crossingPoint) > 110) continue;
      last = crossingPoint;
      document.addWay([v + 1, nodes[nearest]!], { highway: "footway" });
    }
  }
}

/** Fields, orchards and woods in a quilt around the ring road. */
export function writeCountryside(plan: CityPlan, document: OsmDocument, random: Random): void {
  const ring = plan.ring.slice(0, -1);
  const n = ring.length;
  const phase = between(random, 0, 6);
  const out = (i: number, m: number): Point => {
    const p = ring[((i % n) + n) % n]!;
    const k = 1 + m / Math.hypot(p[0], p[1]);
    return [p[0] * k, p[1] * k];
  };
  const depths = [
    () => 24,
    (i: number) => 300 + 90 * Math.sin((i / n) * 44 + phase),
    (i: number) => 600 + 80 * Math.sin((i / n) * 31 - phase),
    (i: number) => 950 + 60 * Math.sin((i / n) * 19 + 2 * phase),
  ];
  for (let layer = 1; layer < depths.length; layer++) {
    for (let i = 0; i < n; ) {
      const span = Math.min(n - i, 4 + Math.floor(random() * 6));
      const near = Array.from({ length: span + 1 }, (_, k) => out(i + k, depths[layer - 1]!(i + k)));
      const far = Array.from({ length: span + 1 }, (_, k) => out(i + k, depths[layer]!(i + k)));
      i += span;
      const roll = random();
      document.addArea(
        [...near.reverse(), ...far],
        roll < 0.26 ? { natural: "wood" } : { landuse: roll < 0.72 ? "farmland" : roll < 0.86 ? "orchard" : "meadow" },
      );
    }
  }
}
