/**
 * Web mercator on unsigned 32-bit integers: the world is 2^32 units wide and high, x from the antimeridian eastward, y from the
 * north edge southward. One unit is 9.3 mm at the equator, and the difference of two positions is exact in the shader.
 */
export const WORLD = 2 ** 32;
const MAX_LATITUDE = 85.051128779806604;

/** World x of a longitude in 1e-7 degree. */
export function mercatorX(lngE7: number): number {
  return Math.floor(((lngE7 + 1.8e9) / 3.6e9) * WORLD) >>> 0;
}

/** World y of a latitude in 1e-7 degree; clamped to the square world of web mercator. */
export function mercatorY(latE7: number): number {
  const latitude = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latE7 / 1e7));
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);
  return Math.min(WORLD - 1, Math.max(0, Math.floor(y * WORLD)));
}

/** [lng, lat] in degrees of a world position. */
export function fromMercator(x: number, y: number): [lng: number, lat: number] {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD))) * 180) / Math.PI;
  return [(x / WORLD) * 360 - 180, latitude];
}

/** Metres on the ground of one world unit at world y. */
export function metresPerUnit(y: number): number {
  return 40_075_016.686 / WORLD / Math.cosh(Math.PI * (1 - (2 * y) / WORLD));
}
