import type { LngLat } from "../geo/local-metres.ts";
import type { TimeRaster } from "./time-raster.ts";

/** Polygons as in a GeoJSON MultiPolygon: each an outer ring, counter-clockwise, and its holes; rings are closed. */
export type Outline = LngLat[][][];

/**
 * The outline of all that lies within a time on a raster, by marching squares (Lorensen and Cline 1987, in the plane):
 * crossings are interpolated along the grid's lines, and a saddle keeps the two inner corners apart.
 */
export function outlineOf(raster: TimeRaster, limitDs = raster.limitDs): Outline {
  return nest(listRings(raster, limitDs)).map((rings) => rings.map((ring) => toLngLat(raster, ring)));
}

interface Ring {
  readonly xs: number[];
  readonly ys: number[];
  readonly area: number;
  readonly box: readonly [west: number, south: number, east: number, north: number];
}

/**
 * For each of the 16 cells, where lines run in and out, inside on the left: pairs of sides, 0 south, 1 east, 2 north,
 * 3 west. Bits: 1 south-west, 2 south-east, 4 north-east, 8 north-west corner is inside.
 */
const CELL_LINES: readonly (readonly number[])[] = [
  [],
  [0, 3],
  [1, 0],
  [1, 3],
  [2, 1],
  [0, 3, 2, 1],
  [2, 0],
  [2, 3],
  [3, 2],
  [0, 2],
  [1, 0, 3, 2],
  [1, 2],
  [3, 1],
  [0, 1],
  [3, 0],
  [],
];

function listRings(raster: TimeRaster, limitDs: number): Ring[] {
  const { columns, rows, timeDs } = raster;
  const size = columns * rows;
  // A grid line's crossing is numbered by its western or southern corner: along x below `size`, along y above.
  const onward = new Int32Array(2 * size).fill(-1);
  const crossings: number[] = [];
  const inside = (at: number) => ((timeDs[at] as number) <= limitDs ? 1 : 0);
  for (let row = 0; row < rows - 1; row++) {
    const start = row * columns;
    let west = inside(start) | (inside(start + columns) << 3);
    for (let at = start; at < start + columns - 1; at++) {
      const southEast = inside(at + 1);
      const northEast = inside(at + columns + 1);
      const cell = west | (southEast << 1) | (northEast << 2);
      west = southEast | (northEast << 3);
      if (cell === 0 || cell === 15) continue;
      const sides = [at, size + at + 1, at + columns, size + at];
      const lines = CELL_LINES[cell] as readonly number[];
      for (let i = 0; i < lines.length; i += 2) {
        const crossing = sides[lines[i] as number] as number;
        onward[crossing] = sides[lines[i + 1] as number] as number;
        crossings.push(crossing);
      }
    }
  }
  const rings: Ring[] = [];
  for (const first of crossings) {
    if ((onward[first] as number) < 0) continue;
    const xs: number[] = [];
    const ys: number[] = [];
    for (let crossing = first; (onward[crossing] as number) >= 0; ) {
      const alongY = crossing >= size;
      const a = alongY ? crossing - size : crossing;
      const b = alongY ? a + columns : a + 1;
      const share = crossingShare(timeDs[a] as number, timeDs[b] as number, limitDs);
      xs.push((a % columns) + (alongY ? 0 : share));
      ys.push(Math.floor(a / columns) + (alongY ? share : 0));
      const next = onward[crossing] as number;
      onward[crossing] = -1;
      crossing = next;
    }
    rings.push({ xs, ys, area: ringArea(xs, ys), box: boxOf(xs, ys) });
  }
  return rings.filter(({ area }) => area !== 0);
}

function boxOf(xs: readonly number[], ys: readonly number[]): Ring["box"] {
  const least = (a: number, b: number) => Math.min(a, b);
  const most = (a: number, b: number) => Math.max(a, b);
  return [xs.reduce(least), ys.reduce(least), xs.reduce(most), ys.reduce(most)];
}

function crossingShare(a: number, b: number, limitDs: number): number {
  // A corner that nobody reaches has no time to interpolate with; the outline stays half a cell away.
  if (!Number.isFinite(a) || !Number.isFinite(b)) return 0.5;
  return Math.min(0.95, Math.max(0.05, (limitDs - a) / (b - a)));
}

function ringArea(xs: readonly number[], ys: readonly number[]): number {
  let area = 0;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    area += (xs[j] as number) * (ys[i] as number) - (xs[i] as number) * (ys[j] as number);
  }
  return area / 2;
}

/** Puts each hole behind the smallest outer ring around it. */
function nest(rings: readonly Ring[]): Ring[][] {
  const outers = rings.filter(({ area }) => area > 0).sort((a, b) => a.area - b.area);
  const polygons = new Map(outers.map((outer) => [outer, [outer]]));
  for (const hole of rings) {
    if (hole.area > 0) continue;
    const home = outers.find(
      (outer) => outer.area > -hole.area && contains(outer, hole.xs[0] as number, hole.ys[0] as number),
    );
    if (home) polygons.get(home)?.push(hole);
  }
  return [...polygons.values()].reverse();
}

function contains({ xs, ys, box }: Ring, x: number, y: number): boolean {
  if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) return false;
  let inside = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    const ay = ys[j] as number;
    const by = ys[i] as number;
    if (ay > y === by > y) continue;
    const ax = xs[j] as number;
    if (x < (((xs[i] as number) - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

function toLngLat({ west7, south7, stepLng7, stepLat7 }: TimeRaster, { xs, ys }: Ring): LngLat[] {
  // Micro-degrees, 11 cm, are finer than the raster and keep the answer short.
  const ring = xs.map(
    (x, i): LngLat => [
      Math.round((west7 + x * stepLng7) / 10) / 1e6,
      Math.round((south7 + (ys[i] as number) * stepLat7) / 10) / 1e6,
    ],
  );
  return [...ring, ring[0] as LngLat];
}
