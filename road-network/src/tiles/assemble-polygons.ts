/** A closed ring of node positions; the last repeats the first. */
export type Ring = readonly number[];

/** Outer rings, each with the holes inside it. */
export type Polygons = readonly (readonly [outer: Ring, ...holes: Ring[]])[];

export interface PartLine {
  readonly nodes: readonly number[];
  readonly inner: boolean;
}

type Point = (node: number) => readonly [x: number, y: number];

/**
 * Puts the lines of a multipolygon relation together, by https://wiki.openstreetmap.org/wiki/Relation:multipolygon.
 * Rings that do not close (the extract was cut through them) are left out.
 */
export function assemblePolygons(parts: readonly PartLine[], pointOf: Point): Polygons {
  const outers = joinRings(parts.filter((part) => !part.inner).map(({ nodes }) => nodes));
  const inners = joinRings(parts.filter((part) => part.inner).map(({ nodes }) => nodes));
  const polygons = outers.map((outer) => ({ outer, area: Math.abs(ringArea(outer, pointOf)), holes: [] as Ring[] }));
  for (const hole of inners) {
    // Islands in lakes on islands: the smallest ring around a hole is the one it belongs to.
    let home: (typeof polygons)[number] | undefined;
    for (const polygon of polygons) {
      if ((!home || polygon.area < home.area) && isInside(hole, polygon.outer, pointOf)) home = polygon;
    }
    home?.holes.push(hole);
  }
  return polygons.map(({ outer, holes }) => [outer, ...holes] as const);
}

/** Joins lines at their common ends into closed rings. */
export function joinRings(lines: readonly (readonly number[])[]): Ring[] {
  const rings: Ring[] = [];
  const byEnd = new Map<number, Set<number>>();
  const open = new Set<number>();
  for (const [i, line] of lines.entries()) {
    if (line.length < 2) continue;
    if (line[0] === line[line.length - 1]) {
      if (line.length >= 4) rings.push(line);
      continue;
    }
    open.add(i);
    for (const end of [line[0] as number, line[line.length - 1] as number]) {
      const there = byEnd.get(end);
      if (there) there.add(i);
      else byEnd.set(end, new Set([i]));
    }
  }
  for (const first of open) {
    open.delete(first);
    const ring = [...(lines[first] as readonly number[])];
    while (ring[0] !== ring[ring.length - 1]) {
      const end = ring[ring.length - 1] as number;
      let next: number | undefined;
      for (const candidate of byEnd.get(end) ?? []) if (open.has(candidate)) next = candidate;
      if (next === undefined) break;
      open.delete(next);
      const line = lines[next] as readonly number[];
      const onward = line[0] === end ? line : line.toReversed();
      for (let i = 1; i < onward.length; i++) ring.push(onward[i] as number);
    }
    if (ring[0] === ring[ring.length - 1] && ring.length >= 4) rings.push(ring);
  }
  return rings;
}

/** Signed area in the square of the points' unit. */
export function ringArea(ring: Ring, pointOf: Point): number {
  let area = 0;
  const [x0, y0] = pointOf(ring[0] as number);
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay] = pointOf(ring[i - 1] as number);
    const [bx, by] = pointOf(ring[i] as number);
    area += (ax - x0) * (by - y0) - (bx - x0) * (ay - y0);
  }
  return area / 2;
}

function isInside(hole: Ring, outer: Ring, pointOf: Point): boolean {
  const corners = new Set(outer);
  // A hole may touch its outer ring in corners; a point of its own decides.
  const node = hole.find((candidate) => !corners.has(candidate)) ?? (hole[0] as number);
  const [x, y] = pointOf(node);
  let inside = false;
  for (let i = 1; i < outer.length; i++) {
    const [ax, ay] = pointOf(outer[i - 1] as number);
    const [bx, by] = pointOf(outer[i] as number);
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
