/** Local metres, x east, y north. */
export type Point = readonly [number, number];

export function distance(a: Point, b: Point): number {
  const dx = a[0] - b[0];
  const dy = a[1] - b[1];
  // Math.hypot guards against overflow and costs five times as much.
  return Math.sqrt(dx * dx + dy * dy);
}

export function mix(a: Point, b: Point, t: number): Point {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
}

/** Signed: positive when counter-clockwise. */
export function ringArea(ring: readonly Point[]): number {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[j]!;
    const b = ring[i]!;
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return twice / 2;
}

export function ringCentroid(ring: readonly Point[]): Point {
  let twice = 0;
  let x = 0;
  let y = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[j]!;
    const b = ring[i]!;
    const cross = a[0] * b[1] - b[0] * a[1];
    twice += cross;
    x += (a[0] + b[0]) * cross;
    y += (a[1] + b[1]) * cross;
  }
  if (Math.abs(twice) < 1e-9) return ring[0] ?? [0, 0];
  return [x / (3 * twice), y / (3 * twice)];
}

export function isInside(point: Point, ring: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i]!;
    const b = ring[j]!;
    if (a[1] > point[1] !== b[1] > point[1] && point[0] < ((b[0] - a[0]) * (point[1] - a[1])) / (b[1] - a[1]) + a[0]) {
      inside = !inside;
    }
  }
  return inside;
}

export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2));
  const x = p[0] - a[0] - dx * t;
  const y = p[1] - a[1] - dy * t;
  return Math.sqrt(x * x + y * y);
}

export function distanceToLine(p: Point, line: readonly Point[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 1; i < line.length; i++) best = Math.min(best, distanceToSegment(p, line[i - 1]!, line[i]!));
  return best;
}

/** Where segment ab meets cd, as shares of both, or absent when they do not meet. */
export function crossing(a: Point, b: Point, c: Point, d: Point): { t: number; u: number } | undefined {
  const rx = b[0] - a[0];
  const ry = b[1] - a[1];
  const sx = d[0] - c[0];
  const sy = d[1] - c[1];
  const denominator = rx * sy - ry * sx;
  if (Math.abs(denominator) < 1e-12) return undefined;
  const t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / denominator;
  const u = ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / denominator;
  return t >= 0 && t <= 1 && u >= 0 && u <= 1 ? { t, u } : undefined;
}

/** Unsigned angle at b between ba and bc, 0 to π. */
export function angleAt(a: Point, b: Point, c: Point): number {
  const ux = a[0] - b[0];
  const uy = a[1] - b[1];
  const vx = c[0] - b[0];
  const vy = c[1] - b[1];
  return Math.abs(Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy));
}

export interface OrientedBox {
  centre: Point;
  /** Unit vector of the long side. */
  axis: Point;
  lengthM: number;
  widthM: number;
}

/** The smallest rectangle around a ring that is parallel to one of its sides. */
export function orientedBox(ring: readonly Point[]): OrientedBox {
  let best: OrientedBox | undefined;
  let bestArea = Number.POSITIVE_INFINITY;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[j]!;
    const b = ring[i]!;
    const side = distance(a, b);
    if (side < 8) continue;
    const ux = (b[0] - a[0]) / side;
    const uy = (b[1] - a[1]) / side;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let left = Number.POSITIVE_INFINITY;
    let right = Number.NEGATIVE_INFINITY;
    for (const [x, y] of ring) {
      const along = x * ux + y * uy;
      const across = -x * uy + y * ux;
      if (along < low) low = along;
      if (along > high) high = along;
      if (across < left) left = across;
      if (across > right) right = across;
    }
    const area = (high - low) * (right - left);
    if (area >= bestArea) continue;
    bestArea = area;
    const along = (low + high) / 2;
    const across = (left + right) / 2;
    const isLong = high - low >= right - left;
    best = {
      centre: [along * ux - across * uy, along * uy + across * ux],
      axis: isLong ? [ux, uy] : [-uy, ux],
      lengthM: isLong ? high - low : right - left,
      widthM: isLong ? right - left : high - low,
    };
  }
  return best ?? { centre: ring[0] ?? [0, 0], axis: [1, 0], lengthM: 0, widthM: 0 };
}
