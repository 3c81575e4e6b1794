import { geoJSONToTile } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import type { Feature, Geometry, Position } from "geojson";
import { type FeatureStore, GEOMETRY } from "./feature-store.ts";
import { TILE_LAYERS, TILE_MAX_ZOOM, TILE_MIN_ZOOM } from "./layers.ts";

export interface TileSource {
  readonly minZoom: number;
  /** The map overzooms beyond it. */
  readonly maxZoom: number;
  /** West, south, east, north, degrees. */
  readonly bounds: readonly [number, number, number, number];
  /** A Mapbox Vector Tile (version 2, extent 4096), not compressed; undefined where there is nothing to draw. */
  tile(z: number, x: number, y: number): Uint8Array | undefined;
  /** Makes the tiles of the low zooms, which cost most, so that the first map is quick. */
  warm(): void;
}

/** Bytes of tiles that are kept. */
const CACHE_MAX_BYTES = 64 * 1024 * 1024;
/** Highest zoom that is warmed, and how many tiles at most. */
const WARM_MAX_ZOOM = 12;
const WARM_MAX_TILES = 64;

const EXTENT = 4096;
const TILE_BUFFER = 96;
const SIMPLIFY_TOLERANCE = 3;

/** Cuts tiles from the features when they are asked for. */
export function createTileSource(store: FeatureStore, bounds: readonly [number, number, number, number]): TileSource {
  const cache = new Map<number, Uint8Array | undefined>();
  let cachedBytes = 0;

  const tile = (z: number, x: number, y: number): Uint8Array | undefined => {
    if (!isTile(z, x, y)) return undefined;
    const key = (z * 65_536 + x) * 65_536 + y;
    let bytes = cache.get(key);
    if (bytes || cache.has(key)) {
      cache.delete(key);
    } else {
      bytes = cutTile(store, z, x, y);
      cachedBytes += sizeOf(bytes);
    }
    cache.set(key, bytes);
    for (const [oldest, old] of cache) {
      if (cachedBytes <= CACHE_MAX_BYTES) break;
      cache.delete(oldest);
      cachedBytes -= sizeOf(old);
    }
    return bytes;
  };

  const warm = () => {
    let left = WARM_MAX_TILES;
    for (let z = TILE_MIN_ZOOM; z <= WARM_MAX_ZOOM; z++) {
      const [west, north] = tileAt(bounds[0], bounds[3], z);
      const [east, south] = tileAt(bounds[2], bounds[1], z);
      left -= (east - west + 1) * (south - north + 1);
      if (left < 0) return;
      for (let x = west; x <= east; x++) for (let y = north; y <= south; y++) tile(z, x, y);
    }
  };

  return { minZoom: TILE_MIN_ZOOM, maxZoom: TILE_MAX_ZOOM, bounds, tile, warm };
}

/** What an empty or full tile counts for beyond its bytes. */
const ENTRY_BYTES = 64;

function sizeOf(bytes: Uint8Array | undefined): number {
  return (bytes?.byteLength ?? 0) + ENTRY_BYTES;
}

function isTile(z: number, x: number, y: number): boolean {
  if (!Number.isInteger(z) || !Number.isInteger(x) || !Number.isInteger(y)) return false;
  if (z < TILE_MIN_ZOOM || z > TILE_MAX_ZOOM) return false;
  return x >= 0 && y >= 0 && x < 2 ** z && y < 2 ** z;
}

/** The tile that a position lies in. https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames */
export function tileAt(lng: number, lat: number, z: number): readonly [x: number, y: number] {
  const side = 2 ** z;
  const sine = Math.sin((lat * Math.PI) / 180);
  const x = Math.floor(((lng + 180) / 360) * side);
  const y = Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * side);
  return [clamp(x, side), clamp(y, side)];
}

function clamp(value: number, side: number): number {
  return Math.min(side - 1, Math.max(0, value));
}

function cutTile(store: FeatureStore, z: number, x: number, y: number): Uint8Array | undefined {
  if (!store.index) return undefined;
  const margin = TILE_BUFFER / EXTENT;
  const west = lngOf(x - margin, z);
  const east = lngOf(x + 1 + margin, z);
  const north = latOf(y - margin, z);
  const south = latOf(y + 1 + margin, z);
  const found = store.index
    .search(west, south, east, north, (f) => (store.featureMinZoom[f] as number) <= z)
    .sort((a, b) => a - b);
  if (found.length === 0) return undefined;
  const byLayer = new Map<number, Feature[]>();
  for (const f of found) {
    const layer = store.featureLayer[f] as number;
    const features = byLayer.get(layer);
    if (features) features.push(toGeoJson(store, f));
    else byLayer.set(layer, [toGeoJson(store, f)]);
  }
  const layers: Parameters<typeof fromGeojsonVt>[0] = {};
  for (const [layer, features] of [...byLayer].sort(([a], [b]) => a - b)) {
    const cut = geoJSONToTile({ type: "FeatureCollection", features }, z, x, y, {
      maxZoom: TILE_MAX_ZOOM,
      tolerance: SIMPLIFY_TOLERANCE,
      extent: EXTENT,
      buffer: TILE_BUFFER,
      clip: true,
    });
    if (cut.features.length > 0) layers[TILE_LAYERS[layer] as string] = cut;
  }
  if (Object.keys(layers).length === 0) return undefined;
  return fromGeojsonVt(layers, { version: 2, extent: EXTENT });
}

function lngOf(x: number, z: number): number {
  return (x / 2 ** z) * 360e7 - 180e7;
}

function latOf(y: number, z: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180e7) / Math.PI;
}

/** One feature as GeoJSON, degrees. */
export function toGeoJson(store: FeatureStore, f: number): Feature {
  const rings: Position[][] = [];
  const polygons: Position[][][] = [];
  for (let r = store.featureStart[f] as number; r < (store.featureStart[f + 1] as number); r++) {
    const ring: Position[] = [];
    for (let i = store.ringStart[r] as number; i < (store.ringStart[r + 1] as number); i++) {
      ring.push([(store.lng7[i] as number) / 1e7, (store.lat7[i] as number) / 1e7]);
    }
    rings.push(ring);
    if (store.ringOuter[r] === 1) polygons.push([ring]);
    else polygons[polygons.length - 1]?.push(ring);
  }
  const properties = JSON.parse(store.properties(store.featureProperties[f] as number));
  return { type: "Feature", properties, geometry: geometryOf(store.featureGeometry[f] as number, rings, polygons) };
}

function geometryOf(geometry: number, rings: Position[][], polygons: Position[][][]): Geometry {
  if (geometry === GEOMETRY.POINT) return { type: "Point", coordinates: rings[0]?.[0] ?? [] };
  if (geometry === GEOMETRY.LINE) return { type: "LineString", coordinates: rings[0] ?? [] };
  if (polygons.length === 1) return { type: "Polygon", coordinates: polygons[0] ?? [] };
  return { type: "MultiPolygon", coordinates: polygons };
}
