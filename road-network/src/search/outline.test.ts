import { area, booleanPointInPolygon } from "@turf/turf";
import { expect, it } from "vitest";
import { mulberry32 } from "../testing/small-extract.ts";
import { type Outline, outlineOf } from "./outline.ts";
import type { TimeRaster } from "./time-raster.ts";

const STEP7 = 4_000;

function createRaster(side: number, timeAt: (column: number, row: number) => number): TimeRaster {
  const timeDs = new Float32Array(side * side).fill(Number.POSITIVE_INFINITY);
  for (let row = 1; row < side - 1; row++) {
    for (let column = 1; column < side - 1; column++) timeDs[row * side + column] = timeAt(column, row);
  }
  return {
    columns: side,
    rows: side,
    west7: 1_140_000_000,
    south7: 300_000_000,
    stepLng7: STEP7,
    stepLat7: STEP7,
    cellM: 40,
    timeDs,
    limitDs: 100,
  };
}

function toPolygons(outline: Outline) {
  return {
    type: "MultiPolygon" as const,
    coordinates: outline.map((rings) => rings.map((ring) => ring.map((p) => [...p]))),
  };
}

it("a disc has its area, a disc with a hole one hole, with an island in it two polygons", () => {
  const middle = 50;
  const away = (column: number, row: number) => Math.hypot(column - middle, row - middle);
  const disc = createRaster(101, (column, row) => 100 + (away(column, row) - 30) * 5);
  const cell = area({
    type: "Polygon",
    coordinates: [
      [
        [114.02, 30.02],
        [114.0204, 30.02],
        [114.0204, 30.0204],
        [114.02, 30.0204],
        [114.02, 30.02],
      ],
    ],
  });
  expect(area(toPolygons(outlineOf(disc))) / (Math.PI * 30 ** 2 * cell)).toBeCloseTo(1, 2);
  const ring = createRaster(101, (column, row) => (away(column, row) > 10 ? 100 + (away(column, row) - 30) * 5 : 200));
  expect(outlineOf(ring).map((rings) => rings.length)).toEqual([2]);
  const island = createRaster(101, (column, row) =>
    away(column, row) < 4 ? 0 : (ring.timeDs[row * 101 + column] as number),
  );
  expect(outlineOf(island).map((rings) => rings.length)).toEqual([2, 1]);
});

it("on any raster a corner is inside the outline exactly when its time is within the limit", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = mulberry32(seed);
    const share = random();
    const raster = createRaster(18, () =>
      random() < share ? random() * 100 : random() < 0.5 ? 100 + random() * 50 : Number.POSITIVE_INFINITY,
    );
    const outline = outlineOf(raster);
    const polygons = outline.length > 0 ? toPolygons(outline) : undefined;
    for (const [at, timeDs] of raster.timeDs.entries()) {
      const point = [114 + ((at % 18) * STEP7) / 1e7, 30 + (Math.floor(at / 18) * STEP7) / 1e7];
      const inside = polygons !== undefined && booleanPointInPolygon(point, polygons);
      expect(inside, `seed ${seed}, corner ${at} with ${timeDs}`).toBe(timeDs <= 100);
    }
    for (const [outer, ...holes] of outline) {
      expect(signedArea(outer ?? [])).toBeGreaterThan(0);
      for (const hole of holes) expect(signedArea(hole)).toBeLessThan(0);
    }
  }
});

function signedArea(ring: Outline[number][number]): number {
  return ring
    .slice(1)
    .reduce(
      (sum, [x, y], i) => sum + ((ring[i]?.[0] ?? 0) - 114) * (y - 30) - (x - 114) * ((ring[i]?.[1] ?? 0) - 30),
      0,
    );
}
