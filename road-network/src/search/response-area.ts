import type { LngLat } from "../geo/local-metres.ts";
import { edgeGeometry } from "../graph/road-graph.ts";
import { type Outline, outlineOf } from "./outline.ts";
import { type ReachedRoads, reachedStretches, type Stretch } from "./reached-roads.ts";
import { createTimeRaster, type RasterOptions } from "./time-raster.ts";

/** Chosen by measuring: 98 % of the reached road is inside, and 95 % of the road inside is reached (Heidelberg, car, 5 minutes). */
const RESPONSE_RASTER: RasterOptions = {
  cellM: 30,
  offRoadMps: 1.2,
  offRoadMaxM: 60,
  onRoadCells: 0.5,
  unreachedCells: -0.15,
};

/** The area around reached roads; no polygon where nothing is reached. */
export function responseArea(reached: ReachedRoads, options: RasterOptions = RESPONSE_RASTER): Outline {
  const raster = createTimeRaster(reached, options);
  return raster ? outlineOf(raster) : [];
}

/** Metres of road that are reached; a road counts once, whatever its directions. */
export function reachedLengthM(reached: ReachedRoads): number {
  const { edgeLengthDm } = reached.model.graph;
  let metres = 0;
  for (const [segment, list] of reachedStretches(reached)) {
    for (const [from, to] of list) metres += ((to - from) * (edgeLengthDm[2 * segment] as number)) / 10;
  }
  return metres;
}

/** The reached roads as lines to draw. */
export function reachedLines(reached: ReachedRoads): LngLat[][] {
  const lines: LngLat[][] = [];
  for (const [segment, list] of reachedStretches(reached)) {
    const points = edgeGeometry(reached.model.graph, 2 * segment);
    for (const stretch of list) lines.push(cutLine(points, stretch));
  }
  return lines;
}

/** The part of a line between two shares of its length. */
export function cutLine(points: readonly LngLat[], [from, to]: Stretch): LngLat[] {
  const squeeze = Math.cos(((points[0]?.[1] ?? 0) * Math.PI) / 180);
  const lengths = points.map(([lng, lat], i) => {
    const [lngBefore, latBefore] = points[i - 1] ?? [lng, lat];
    return Math.hypot((lng - lngBefore) * squeeze, lat - latBefore);
  });
  const total = lengths.reduce((sum, length) => sum + length, 0) || 1;
  const cut: LngLat[] = [];
  let before = 0;
  for (const [i, [lng, lat]] of points.entries()) {
    const share = before + (lengths[i] as number) / total;
    const [lngBefore, latBefore] = points[i - 1] ?? [lng, lat];
    const at = (wanted: number): LngLat => {
      const t = (wanted - before) / (share - before);
      return [lngBefore + (lng - lngBefore) * t, latBefore + (lat - latBefore) * t];
    };
    if (i > 0 && from > before && from < share) cut.push(at(from));
    if (i > 0 && to > before && to < share) cut.push(at(to));
    else if (share >= from && share <= to) cut.push([lng, lat]);
    before = share;
  }
  return cut;
}
