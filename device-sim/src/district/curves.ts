import { between, type Random } from "../random.ts";
import { distance, mix, type Point } from "./geometry.ts";

/** Catmull–Rom through the given points, then even steps of about `stepM`. */
export function smoothCurve(points: readonly Point[], stepM: number, closed = false): Point[] {
  const n = points.length;
  const at = (i: number): Point => (closed ? points[((i % n) + n) % n]! : points[Math.max(0, Math.min(n - 1, i))]!);
  const dense: Point[] = [];
  for (let i = 0; i < (closed ? n : n - 1); i++) {
    const [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let k = 0; k < 24; k++) {
      const t = k / 24;
      dense.push([spline(p0[0], p1[0], p2[0], p3[0], t), spline(p0[1], p1[1], p2[1], p3[1], t)]);
    }
  }
  dense.push(closed ? dense[0]! : at(n - 1));
  return evenSteps(dense, stepM);
}

function spline(a: number, b: number, c: number, d: number, t: number): number {
  return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
}

export function evenSteps(line: readonly Point[], stepM: number): Point[] {
  let total = 0;
  for (let i = 1; i < line.length; i++) total += distance(line[i - 1]!, line[i]!);
  const count = Math.max(1, Math.round(total / stepM));
  const step = total / count;
  const out: Point[] = [line[0]!];
  let walked = 0;
  let next = step;
  for (let i = 1; i < line.length && out.length < count; i++) {
    const a = line[i - 1]!;
    const b = line[i]!;
    const length = distance(a, b);
    while (walked + length >= next && out.length < count) {
      out.push(mix(a, b, (next - walked) / length));
      next += step;
    }
    walked += length;
  }
  out.push(line[line.length - 1]!);
  return out;
}

/** The line moved sideways; positive is to the left of its direction. The offset may change along it. */
export function offsetLine(line: readonly Point[], offsetM: (index: number) => number): Point[] {
  return line.map((p, i) => {
    const a = line[Math.max(0, i - 1)]!;
    const b = line[Math.min(line.length - 1, i + 1)]!;
    const length = distance(a, b) || 1;
    const d = offsetM(i);
    return [p[0] - ((b[1] - a[1]) / length) * d, p[1] + ((b[0] - a[0]) / length) * d];
  });
}

/** A smooth field of displacements, so that nothing in the plan is exactly straight or round. */
export function createWarp(random: Random, amplitudeM: number): (p: Point) => Point {
  const waves = Array.from({ length: 6 }, () => ({
    kx: between(random, -1, 1) / 520,
    ky: between(random, -1, 1) / 520,
    phase: between(random, 0, 2 * Math.PI),
    dx: between(random, -1, 1),
    dy: between(random, -1, 1),
  }));
  return ([x, y]) => {
    let dx = 0;
    let dy = 0;
    for (const wave of waves) {
      const s = Math.sin(x * wave.kx * 0.6 + y * wave.ky * 0.6 + wave.phase);
      dx += wave.dx * s;
      dy += wave.dy * s;
    }
    return [x + (dx * amplitudeM) / 3, y + (dy * amplitudeM) / 3];
  };
}

/** A bend for a street between two points: it leaves the straight line by at most `bend` of its length. */
export function bentLine(a: Point, b: Point, bend: number, stepM: number): Point[] {
  const length = distance(a, b);
  const count = Math.max(1, Math.round(length / stepM));
  const out: Point[] = [];
  for (let i = 1; i < count; i++) {
    const t = i / count;
    const d = bend * 4 * t * (1 - t);
    out.push([a[0] + (b[0] - a[0]) * t - (b[1] - a[1]) * d, a[1] + (b[1] - a[1]) * t + (b[0] - a[0]) * d]);
  }
  return out;
}
