import type { Geometry, Position } from "geojson";

/** West-north and east-south corner of what the geometries span, as a map's top left and bottom right. */
export function boundsOf(geometries: readonly Geometry[]): [[number, number], [number, number]] {
  let [west, south, east, north] = [180, 90, -180, -90];
  const visit = (value: Position | readonly unknown[]): void => {
    if (typeof value[0] === "number") {
      const [lng, lat] = value as [number, number];
      west = Math.min(west, lng);
      east = Math.max(east, lng);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    } else for (const part of value) visit(part as readonly unknown[]);
  };
  for (const geometry of geometries) {
    if (geometry.type === "GeometryCollection") for (const part of geometry.geometries) visit(boundsOf([part]));
    else visit(geometry.coordinates);
  }
  return [
    [west, north],
    [east, south],
  ];
}

/** How far a view has to move so that from … to lies within low … high; 0 where it does. */
export function shiftInto(from: number, to: number, low: number, high: number): number {
  if (from < low) return from - low;
  return to > high ? to - high : 0;
}
