import { between, chance, type Random } from "../random.ts";
import { crossing, distanceToLine, distanceToSegment, isInside, orientedBox, type Point } from "./geometry.ts";
import type { RoadClass } from "./plan.ts";
import type { Zone } from "./zones.ts";

/** From the middle of the road to the nearest wall, metres. */
const SETBACK_M: Record<RoadClass, number> = {
  trunk: 34,
  primary: 27,
  secondary: 22,
  tertiary: 16,
  residential: 11,
  living_street: 7,
  service: 8,
  footway: 5,
};

interface Pattern {
  depth: [number, number];
  length: [number, number];
  gapM: number;
  rowM: number;
  /** Share of the places that are built on. */
  density: number;
  kind: string;
  levels: [number, number];
}

const PATTERNS: Record<Zone | "school" | "hospital", Pattern> = {
  oldtown: { depth: [12, 17], length: [14, 34], gapM: 4, rowM: 23, density: 0.9, kind: "residential", levels: [2, 6] },
  commercial: {
    depth: [26, 40],
    length: [30, 66],
    gapM: 13,
    rowM: 52,
    density: 0.92,
    kind: "commercial",
    levels: [5, 32],
  },
  residential: {
    depth: [13, 17],
    length: [44, 84],
    gapM: 13,
    rowM: 41,
    density: 0.95,
    kind: "apartments",
    levels: [6, 18],
  },
  campus: { depth: [16, 24], length: [50, 84], gapM: 26, rowM: 58, density: 0.7, kind: "university", levels: [4, 7] },
  industrial: {
    depth: [30, 44],
    length: [60, 130],
    gapM: 18,
    rowM: 62,
    density: 0.85,
    kind: "industrial",
    levels: [1, 2],
  },
  village: { depth: [11, 15], length: [12, 22], gapM: 16, rowM: 44, density: 0.45, kind: "house", levels: [2, 3] },
  school: { depth: [14, 18], length: [40, 70], gapM: 14, rowM: 42, density: 0.9, kind: "school", levels: [4, 5] },
  hospital: { depth: [22, 30], length: [40, 70], gapM: 14, rowM: 48, density: 0.9, kind: "hospital", levels: [5, 16] },
};

export interface Building {
  ring: Point[];
  kind: string;
  levels: number;
}

export interface BuildSite {
  ring: readonly Point[];
  /** Class of the road along each side; side i runs from corner i to corner i + 1. */
  sides: readonly RoadClass[];
  use: Zone | "school" | "hospital";
  /** Lines that stay free, with the distance to keep. */
  avoid: readonly { line: readonly Point[]; clearM: number }[];
  /** Areas that stay free. */
  taken: readonly (readonly Point[])[];
}

/** Rows of buildings parallel to the block's longer side, none nearer to a road than its setback. */
export function placeBuildings(site: BuildSite, random: Random): Building[] {
  const pattern = PATTERNS[site.use];
  const box = orientedBox(site.ring);
  const [ax, ay] = box.axis;
  const at = (along: number, across: number): Point => [
    box.centre[0] + ax * along - ay * across,
    box.centre[1] + ay * along + ax * across,
  ];
  const out: Building[] = [];
  const taken = [...site.taken];
  const rows = Math.max(1, Math.floor((box.widthM - 14) / pattern.rowM));
  const rowM = Math.max(pattern.rowM, (box.widthM - 10) / (rows + 0.15));
  for (let row = 0; row < rows; row++) {
    const across = (row - (rows - 1) / 2) * rowM;
    const depth = between(random, ...pattern.depth);
    let along = -box.lengthM / 2 + 5;
    while (along < box.lengthM / 2) {
      const wanted = between(random, ...pattern.length);
      const shift = between(random, -1.5, 1.5);
      let placed = 0;
      for (const length of [wanted, wanted * 0.62]) {
        const ring = [
          at(along, across + shift - depth / 2),
          at(along + length, across + shift - depth / 2),
          at(along + length, across + shift + depth / 2),
          at(along, across + shift + depth / 2),
        ];
        if (!fits(ring, site) || taken.some((other) => overlaps(ring, other))) continue;
        placed = length;
        if (chance(random, pattern.density)) {
          const shape = chance(random, 0.2) && depth < 28 ? wing(ring, random, site, taken) : ring;
          taken.push(shape);
          out.push({ ring: shape, kind: pattern.kind, levels: Math.round(between(random, ...pattern.levels)) });
        }
        break;
      }
      along += placed > 0 ? placed + pattern.gapM : 7;
    }
  }
  return out;
}

/** An L: one end of the slab gets a short wing, when there is room for it. */
function wing(ring: readonly Point[], random: Random, site: BuildSite, taken: readonly (readonly Point[])[]): Point[] {
  const [a, b, c, d] = ring as readonly [Point, Point, Point, Point];
  const grow = between(random, 0.5, 0.9);
  const width = 0.3;
  const up: Point = [d[0] - a[0], d[1] - a[1]];
  const right: Point = [c[0] - d[0], c[1] - d[1]];
  const e: Point = [d[0] + up[0] * grow, d[1] + up[1] * grow];
  const f: Point = [e[0] + right[0] * width, e[1] + right[1] * width];
  const g: Point = [d[0] + right[0] * width, d[1] + right[1] * width];
  const isFreeWing = fits([d, g, f, e], site) && !taken.some((other) => overlaps([d, g, f, e], other));
  return isFreeWing ? [a, b, c, g, f, e] : [...ring];
}

function overlaps(a: readonly Point[], b: readonly Point[]): boolean {
  if (isInside(a[0]!, b) || isInside(b[0]!, a)) return true;
  for (let i = 0, j = a.length - 1; i < a.length; j = i++) {
    for (let k = 0, l = b.length - 1; k < b.length; l = k++) {
      if (crossing(a[j]!, a[i]!, b[l]!, b[k]!)) return true;
    }
  }
  return false;
}

const PROBE_M = 14;

function fits(ring: readonly Point[], site: BuildSite): boolean {
  for (const p of ring) if (!isFree(p, site)) return false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[j]!;
    const b = ring[i]!;
    const steps = Math.floor(Math.hypot(a[0] - b[0], a[1] - b[1]) / PROBE_M);
    for (let s = 1; s < steps; s++) {
      const t = s / steps;
      if (!isFree([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t], site)) return false;
    }
    for (let k = 0, l = site.ring.length - 1; k < site.ring.length; l = k++) {
      if (crossing(a, b, site.ring[l]!, site.ring[k]!)) return false;
    }
  }
  return true;
}

function isFree(p: Point, site: BuildSite): boolean {
  if (!isInside(p, site.ring)) return false;
  const n = site.ring.length;
  for (let i = 0; i < n; i++) {
    if (distanceToSegment(p, site.ring[i]!, site.ring[(i + 1) % n]!) < SETBACK_M[site.sides[i]!]) return false;
  }
  return site.avoid.every(({ line, clearM }) => distanceToLine(p, line) >= clearM);
}
