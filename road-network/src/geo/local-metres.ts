/** A position, degrees of WGS-84, always longitude first. */
export type LngLat = readonly [lng: number, lat: number];

/** Mean radius of the Earth (IUGG), as turf uses it. */
const EARTH_RADIUS_M = 6_371_008.8;

/** Metres of one 1e-7 degree along a meridian. */
export const METRES_PER_LAT7 = (EARTH_RADIUS_M * Math.PI) / 180 / 1e7;

/** Metres of one 1e-7 degree of longitude at a latitude in 1e-7 degrees. */
export function metresPerLng7(lat7: number): number {
  return METRES_PER_LAT7 * Math.cos((lat7 * Math.PI) / 180e7);
}

/**
 * Metres between two positions in 1e-7 degrees on a plane that touches at their middle latitude; below 50 km within
 * 0.1 % of the great circle up to 70° of latitude.
 */
export function distanceM(lngA7: number, latA7: number, lngB7: number, latB7: number): number {
  const dx = (lngB7 - lngA7) * metresPerLng7((latA7 + latB7) / 2);
  const dy = (latB7 - latA7) * METRES_PER_LAT7;
  return Math.sqrt(dx * dx + dy * dy);
}
