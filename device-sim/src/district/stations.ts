import { between, type Random } from "../random.ts";
import { distance, type Point, ringCentroid } from "./geometry.ts";
import type { GridCollection, GridFeature } from "./grid.ts";
import type { OsmDocument } from "./osm-document.ts";
import type { PlanarMap } from "./planar-map.ts";
import { type LngLat, toLngLat } from "./projection.ts";

export interface Station {
  id: string;
  name: string;
  nameEn: string;
  /** 派出所: one a township; 警务站: a kiosk of one minute's reach, one a community. */
  kind: "police-station" | "kiosk";
  position: LngLat;
  /** Id of the grid polygon it serves. */
  gridId: string;
}

/** Stations stand at a crossing near the middle of what they serve; written to the OSM file as amenity=police. */
export function placeStations(
  map: PlanarMap,
  isCrossing: (vertex: number) => boolean,
  grid: GridCollection,
  document: OsmDocument,
  random: Random,
): Station[] {
  const crossings = map.points.flatMap((p, v) => (isCrossing(v) ? [p] : []));
  const taken: Point[] = [];
  const stations: Station[] = [];
  for (const feature of grid.features) {
    const { level, id, name, nameEn } = feature.properties;
    if (level === "grid") continue;
    const middle = middleOf(feature);
    const free = crossings.filter((p) => taken.every((t) => distance(t, p) > 140));
    let nearest: Point | undefined;
    let gap = Number.POSITIVE_INFINITY;
    for (const p of free) {
      const d = gapDegrees(toLngLat(p), middle);
      if (d >= gap) continue;
      gap = d;
      nearest = p;
    }
    if (!nearest) continue;
    taken.push(nearest);
    const angle = between(random, 0, 2 * Math.PI);
    const at: Point = [nearest[0] + 16 * Math.cos(angle), nearest[1] + 16 * Math.sin(angle)];
    const isStation = level === "township";
    const zh = isStation ? `${name.replace("街道", "")}派出所` : `${name.replace("社区", "")}警务站`;
    const en = isStation
      ? nameEn.replace("Subdistrict", "Police Station")
      : nameEn.replace("Community", "Police Kiosk");
    stations.push({
      id: `st-${id}`,
      name: zh,
      nameEn: en,
      kind: isStation ? "police-station" : "kiosk",
      position: toLngLat(at),
      gridId: id,
    });
    document.addNode(at, {
      amenity: "police",
      police: isStation ? undefined : "checkpoint",
      name: zh,
      "name:zh": zh,
      "name:en": en,
    });
  }
  return stations;
}

/** Centroid of the largest outer ring. */
export function middleOf(feature: GridFeature): LngLat {
  const rings =
    feature.geometry.type === "Polygon"
      ? [feature.geometry.coordinates[0]!]
      : feature.geometry.coordinates.map((p) => p[0]!);
  const longest = rings.reduce((best, ring) => (ring.length > best.length ? ring : best));
  const [lng, lat] = longest[0]!;
  // Relative to a corner, because the cross products of full coordinates lose the last digits.
  const [x, y] = ringCentroid(longest.map(([a, b]) => [a - lng, b - lat]));
  return [lng + x, lat + y];
}

function gapDegrees(a: LngLat, b: LngLat): number {
  return Math.hypot((a[0] - b[0]) * 0.86, a[1] - b[1]);
}
