import { expect, it } from "vitest";
import { createRandom } from "../random.ts";
import { crossing, isInside, type Point, ringArea, ringCentroid } from "./geometry.ts";
import type { Street } from "./plan.ts";
import { PlanarMap } from "./planar-map.ts";
import { type Block, subdivideFace } from "./subdivide.ts";

/** A square of 1.4 km, cut to the leaves. */
function cutSquare(seed: number) {
  const map = new PlanarMap();
  const corners: Point[] = [
    [0, 0],
    [1400, 0],
    [1400, 1400],
    [0, 1400],
  ];
  const vertices = corners.map((p) => map.addVertex(p));
  for (let i = 0; i < 4; i++) map.addEdge(vertices[i]!, vertices[(i + 1) % 4]!, 0);
  const { outer } = map.linkFaces();
  const blocks = new Map<number, Block>();
  const streets: Street[] = [{ roadClass: "primary", crossesRiver: false }];
  let labels = 0;
  subdivideFace(
    outer === 0 ? 1 : 0,
    { use: "residential", community: -1, grid: -1 },
    {
      map,
      streets,
      random: createRandom(seed),
      zoneAt: () => "residential",
      reserve: () => undefined,
      newCommunity: () => labels++,
      newGrid: () => labels++,
    },
    blocks,
  );
  return { map, blocks, streets, outer };
}

it.each([1, 2, 3, 4, 5])(
  "cuts a square into blocks that obey Euler's formula and fill it exactly (seed %i)",
  (seed) => {
    const { map, blocks, outer } = cutSquare(seed);
    expect(map.points.length - map.street.length + map.faceEdge.length).toBe(2);
    expect(blocks.size).toBe(map.faceEdge.length - 1);
    expect(blocks.size).toBeGreaterThan(60);
    let total = 0;
    for (const face of blocks.keys()) {
      const ring = map.ring(face);
      total += ringArea(ring);
      expect(ringArea(ring)).toBeGreaterThan(0);
      for (const h of map.halfEdges(face)) {
        expect(map.face[h]).toBe(face);
        expect(map.prev[map.next[h]!]).toBe(h);
        expect(map.origin[map.next[h]!]).toBe(map.target(h));
      }
    }
    expect(total).toBeCloseTo(1400 * 1400, 3);
    expect(-ringArea(map.ring(outer))).toBeCloseTo(1400 * 1400, 3);
    const degree = new Array<number>(map.points.length).fill(0);
    for (const v of map.origin) degree[v]!++;
    expect(map.degree).toEqual(degree);
  },
);

it.each([1, 2, 3])("never lets two streets cross but at a shared crossing (seed %i)", (seed) => {
  const { map } = cutSquare(seed);
  let crossings = 0;
  for (let e = 0; e < map.street.length; e++) {
    for (let f = e + 1; f < map.street.length; f++) {
      const [a, b, c, d] = [2 * e, 2 * e + 1, 2 * f, 2 * f + 1].map((h) => map.origin[h]!) as [
        number,
        number,
        number,
        number,
      ];
      if (a === c || a === d || b === c || b === d) continue;
      if (crossing(map.points[a]!, map.points[b]!, map.points[c]!, map.points[d]!)) crossings++;
    }
  }
  expect(crossings).toBe(0);
});

it("finds the middle of a ring inside it, whichever way it turns", () => {
  const ring: Point[] = [
    [10, 10],
    [30, 10],
    [30, 20],
    [10, 20],
  ];
  expect(ringCentroid(ring)).toEqual([20, 15]);
  expect(ringCentroid([...ring].reverse())).toEqual([20, 15]);
  expect(isInside([20, 15], ring)).toBe(true);
});
