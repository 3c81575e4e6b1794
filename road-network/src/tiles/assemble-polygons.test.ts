import { expect, it } from "vitest";
import { mulberry32 } from "../testing/small-extract.ts";
import { assemblePolygons, joinRings, ringArea } from "./assemble-polygons.ts";

/** Node n lies at (n mod 100, n / 100). */
const pointOf = (node: number) => [node % 100, Math.floor(node / 100)] as const;
const square = (x: number, y: number, side: number) =>
  [x + 100 * y, x + side + 100 * y, x + side + 100 * (y + side), x + 100 * (y + side), x + 100 * y] as const;

it("a ring cut anywhere, its parts turned and shuffled, closes to the same ring", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = mulberry32(seed);
    const corners = Array.from({ length: 3 + Math.floor(random() * 12) }, (_, i) => i);
    const cuts = [...new Set(corners.filter(() => random() < 0.4))];
    if (cuts.length < 2) continue;
    const lines = cuts.map((from, i) => {
      const to = cuts[(i + 1) % cuts.length] as number;
      const line = [from];
      for (let corner = from; corner !== to; ) {
        corner = (corner + 1) % corners.length;
        line.push(corner);
      }
      return random() < 0.5 ? line.reverse() : line;
    });
    lines.sort(() => random() - 0.5);
    const rings = joinRings(lines);
    expect(rings, `seed ${seed}`).toHaveLength(1);
    const ring = rings[0] ?? [];
    expect(ring[0]).toBe(ring[ring.length - 1]);
    expect(ring.slice(1).sort((a, b) => a - b)).toEqual(corners);
  }
});

it("a ring that does not close is left out", () => {
  expect(
    joinRings([
      [1, 2],
      [2, 3],
      [4, 5],
    ]),
  ).toEqual([]);
  expect(joinRings([[1, 2, 1], [7]])).toEqual([]);
});

it("holes go to the smallest ring around them: a lake on an island in a lake", () => {
  const outer = square(0, 0, 50);
  const hole = square(10, 10, 30);
  const island = square(15, 15, 20);
  const pond = square(20, 20, 5);
  const polygons = assemblePolygons(
    [
      { nodes: outer, inner: false },
      { nodes: pond, inner: true },
      { nodes: island, inner: false },
      { nodes: hole, inner: true },
      { nodes: square(80, 80, 5), inner: true },
    ],
    pointOf,
  );
  expect(polygons).toEqual([
    [outer, hole],
    [island, pond],
  ]);
  expect(Math.abs(ringArea(outer, pointOf))).toBe(2500);
});
