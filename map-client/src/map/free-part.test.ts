import { expect, it } from "vitest";
import { boundsOf, shiftInto } from "./free-part.ts";

it("spans points, areas with holes and collections of them", () => {
  const area = {
    type: "Polygon" as const,
    coordinates: [
      [
        [114, 30],
        [114.2, 30],
        [114.1, 30.3],
        [114, 30],
      ],
    ],
  };
  expect(boundsOf([area, { type: "Point", coordinates: [114.3, 29.9] }])).toEqual([
    [114, 30.3],
    [114.3, 29.9],
  ]);
  expect(boundsOf([{ type: "GeometryCollection", geometries: [area] }])).toEqual(boundsOf([area]));
});

it.each([
  [10, 20, 0, 100, 0],
  [-10, 20, 0, 100, -10],
  [90, 130, 0, 100, 30],
])("moves a view as little as it takes: %i–%i into %i–%i by %i", (from, to, low, high, shift) => {
  expect(shiftInto(from, to, low, high)).toBe(shift);
});
