const EARTH_RADIUS_M = 6_371_008.8;
const RAD_PER_E7 = Math.PI / 180 / 1e7;

/** Great-circle distance in metres between two positions in 1e-7 degree (haversine, mean Earth radius). */
export function distanceM(lngE7a: number, latE7a: number, lngE7b: number, latE7b: number): number {
  const latA = latE7a * RAD_PER_E7;
  const latB = latE7b * RAD_PER_E7;
  const sinLat = Math.sin((latB - latA) / 2);
  const sinLng = Math.sin(((lngE7b - lngE7a) * RAD_PER_E7) / 2);
  const h = sinLat * sinLat + Math.cos(latA) * Math.cos(latB) * sinLng * sinLng;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
