import { MercatorCoordinate } from "maplibre-gl";
import { describe, expect, it } from "vitest";
import { fromMercator, mercatorX, mercatorY, metresPerUnit, WORLD } from "./mercator.ts";
import { mulberry32 } from "./testing/random.ts";

describe("mercator on 32 bits", () => {
  const chance = mulberry32(20);
  const places = Array.from({ length: 2000 }, () => [chance() * 360 - 180, chance() * 168 - 84] as const);

  it("agrees with MapLibre's MercatorCoordinate to one unit (9 mm)", () => {
    for (const [lng, lat] of places) {
      const theirs = MercatorCoordinate.fromLngLat([lng, lat]);
      expect(Math.abs(mercatorX(Math.round(lng * 1e7)) - theirs.x * WORLD)).toBeLessThan(2);
      expect(Math.abs(mercatorY(Math.round(lat * 1e7)) - theirs.y * WORLD)).toBeLessThan(13);
    }
  });

  it("comes back to the place", () => {
    for (const [lng, lat] of places) {
      const [backLng, backLat] = fromMercator(mercatorX(Math.round(lng * 1e7)), mercatorY(Math.round(lat * 1e7)));
      expect(backLng).toBeCloseTo(lng, 6);
      expect(backLat).toBeCloseTo(lat, 6);
    }
  });

  it("clamps the poles and wraps the antimeridian", () => {
    expect(mercatorY(900_000_000)).toBe(0);
    expect(mercatorY(-900_000_000)).toBe(WORLD - 1);
    expect(mercatorX(1_800_000_000)).toBe(0);
    expect(mercatorX(-1_800_000_000)).toBe(0);
  });

  it("says the metres of a unit as MapLibre does", () => {
    const theirs = MercatorCoordinate.fromLngLat([104, 30.6]);
    expect(metresPerUnit(theirs.y * WORLD) * WORLD * theirs.meterInMercatorCoordinateUnits()).toBeCloseTo(1, 2);
  });
});
