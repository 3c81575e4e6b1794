import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VectorTile } from "@mapbox/vector-tile";
import { area, bboxClip, length } from "@turf/turf";
import type { Feature, LineString, MultiPolygon, Polygon } from "geojson";
import { PbfReader } from "pbf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importExtract } from "../import-extract.ts";
import { openMap } from "../open-map.ts";
import { readColumns } from "../storage/array-file.ts";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "../testing/shared-data.ts";
import { decodeFeatures, type FeatureStore } from "./feature-store.ts";
import { TILE_LAYERS, type TileLayer } from "./layers.ts";
import { type TileSource, tileAt, toGeoJson } from "./tile-source.ts";

let folder: string;
let tiles: TileSource;
let store: FeatureStore;
let center: readonly [number, number];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-tiles-"));
  if (!hasSharedData) return;
  await importExtract(sharedExtract("liechtenstein.osm.pbf"), folder);
  const map = await openMap(folder);
  tiles = map.tiles;
  center = map.report.center;
  store = decodeFeatures(await readColumns(join(folder, "features.bin")));
});
afterAll(() => rm(folder, { recursive: true }));

type Box = [west: number, south: number, east: number, north: number];

function boxOf(z: number, x: number, y: number): Box {
  const lng = (tileX: number) => (tileX / 2 ** z) * 360 - 180;
  const lat = (tileY: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * tileY) / 2 ** z))) * 180) / Math.PI;
  return [lng(x), lat(y + 1), lng(x + 1), lat(y)];
}

function decode(z: number, x: number, y: number): { layer: string; feature: Feature }[] {
  const bytes = tiles.tile(z, x, y);
  if (!bytes) return [];
  return Object.entries(new VectorTile(new PbfReader(bytes)).layers).flatMap(
    ([layer, { length: count, feature }], _, all) =>
      Array.from({ length: count }, (_unused, i) => ({
        layer,
        feature: feature.call(all.find(([name]) => name === layer)?.[1] as never, i).toGeoJSON(x, y, z) as Feature,
      })),
  );
}

/** Length in km or area in m² of what lies in the box, by layer. */
function measure(list: readonly { layer: string; feature: Feature }[], box: Box): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { layer, feature } of list) {
    if (feature.geometry.type === "Point") {
      const [lng = 0, lat = 0] = feature.geometry.coordinates;
      const inside = lng >= box[0] && lng < box[2] && lat > box[1] && lat <= box[3];
      if (inside) sums.set(`${layer} points`, (sums.get(`${layer} points`) ?? 0) + 1);
      continue;
    }
    const isArea = feature.geometry.type.endsWith("Polygon");
    const cut = bboxClip(feature as Feature<LineString | Polygon | MultiPolygon>, box);
    const key = `${layer} ${isArea ? "areas" : "lines"}`;
    sums.set(key, (sums.get(key) ?? 0) + (isArea ? area(cut) : length(cut)));
  }
  return sums;
}

function sourceOf(z: number): { layer: TileLayer; feature: Feature }[] {
  return Array.from(store.featureLayer.keys())
    .filter((f) => (store.featureMinZoom[f] as number) <= z)
    .map((f) => ({ layer: TILE_LAYERS[store.featureLayer[f] as number] as TileLayer, feature: toGeoJson(store, f) }));
}

describe.skipIf(!hasSharedData)(`tiles of Liechtenstein${WITHOUT_SHARED_DATA}`, () => {
  it.each([
    [15, 0.01],
    [14, 0.02],
    [12, 0.04],
    [10, 0.1],
  ])("zoom %i shows the lengths and areas of the features themselves", (z, tolerance) => {
    const source = sourceOf(z);
    const [cx, cy] = tileAt(center[0], center[1], z);
    for (const [x, y] of [
      [cx, cy],
      [cx + 1, cy],
      [cx, cy + 1],
    ] as const) {
      const box = boxOf(z, x, y);
      const wanted = measure(source, box);
      const shown = measure(decode(z, x, y), box);
      for (const [key, amount] of wanted) {
        if (amount === 0) continue;
        const least = key.endsWith("areas") ? 2_000 : key.endsWith("lines") ? 0.05 : 0;
        const off = Math.abs((shown.get(key) ?? 0) - amount);
        expect(off, `${z}/${x}/${y} ${key}: ${shown.get(key)} for ${amount}`).toBeLessThanOrEqual(
          least + tolerance * amount,
        );
      }
      for (const key of shown.keys()) expect(wanted.has(key), `${key} is in the tile only`).toBe(true);
    }
  });

  it("minor roads are not in low zooms, buildings only from 14", () => {
    for (let z = 8; z <= 15; z++) {
      const [x, y] = tileAt(center[0], center[1], z);
      const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [x + dx, y + dy] as const));
      const list = around.flatMap(([tileX, tileY]) => decode(z, tileX, tileY));
      const kinds = new Set(
        list.filter(({ layer }) => layer === "roads").map(({ feature }) => feature.properties?.kind),
      );
      expect(kinds.has("minor"), `zoom ${z}`).toBe(z >= 12);
      if (z < 14) expect(kinds.has("service") || kinds.has("path")).toBe(false);
      if (z < 14) expect(list.some(({ layer }) => layer === "buildings")).toBe(false);
    }
  });

  it("there is no tile outside the zooms, the world, or the data", () => {
    const [x, y] = tileAt(center[0], center[1], 12);
    expect(tiles.tile(12, x, y)).toBeDefined();
    for (const [z, tx, ty] of [
      [7, 67, 44],
      [16, 0, 0],
      [12, -1, y],
      [12, x, 2 ** 12],
      [12, 0.5, y],
      [12, 0, 0],
      [Number.NaN, 0, 0],
    ] as const) {
      expect(tiles.tile(z, tx, ty)).toBeUndefined();
    }
  });

  it("a tile asked for twice is the same bytes, and warming makes the low zooms", () => {
    tiles.warm();
    const [x, y] = tileAt(center[0], center[1], tiles.minZoom);
    expect(tiles.tile(tiles.minZoom, x, y)).toBe(tiles.tile(tiles.minZoom, x, y));
  });
});
