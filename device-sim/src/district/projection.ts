import type { Point } from "./geometry.ts";

export type LngLat = [number, number];

/** The demo district's centre; WGS-84. The district itself is invented. */
export const DISTRICT_CENTRE: LngLat = [114.3, 30.6];

const LAT_M = 110_870;
const LNG_M = 111_320 * Math.cos((DISTRICT_CENTRE[1] * Math.PI) / 180);

/** Local metres → WGS-84, rounded to the 1e-7 degrees that OSM files keep. */
export function toLngLat([x, y]: Point): LngLat {
  return [
    Math.round((DISTRICT_CENTRE[0] + x / LNG_M) * 1e7) / 1e7,
    Math.round((DISTRICT_CENTRE[1] + y / LAT_M) * 1e7) / 1e7,
  ];
}
