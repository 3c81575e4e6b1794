import Flatbush from "flatbush";
import { type Columns, createTextReader, encodeTexts, getColumn } from "../storage/array-file.ts";

/** What a tile may show, in columns. Feature f's rings are `featureStart[f] .. featureStart[f + 1])`, ring r's points `ringStart[r] .. ringStart[r + 1])`. */
interface FeatureColumns {
  /** Position in TILE_LAYERS. */
  readonly featureLayer: Uint8Array;
  /** GEOMETRY. */
  readonly featureGeometry: Uint8Array;
  readonly featureMinZoom: Uint8Array;
  /** Position of the properties, JSON. */
  readonly featureProperties: Uint32Array;
  readonly featureStart: Uint32Array;
  /** 1 begins a polygon, 0 is a hole of the one before. */
  readonly ringOuter: Uint8Array;
  readonly ringStart: Uint32Array;
  /** 1e-7 degrees. */
  readonly lng7: Int32Array;
  readonly lat7: Int32Array;
}

export const GEOMETRY = { POINT: 1, LINE: 2, POLYGON: 3 } as const;

export interface BuiltFeatures {
  readonly featureCount: number;
  readonly columns: FeatureColumns;
  readonly properties: readonly string[];
}

export interface FeatureStore extends FeatureColumns {
  readonly version: string;
  properties(index: number): string;
  readonly index: Flatbush | undefined;
}

export function encodeFeatures(features: BuiltFeatures, version: string): Columns {
  const index = indexFeatures(features.columns);
  return {
    ...features.columns,
    index: index ? new Uint8Array(index.data as ArrayBuffer) : new Uint8Array(0),
    ...encodeTexts("version", [version]),
    ...encodeTexts("properties", features.properties),
  };
}

/** A store without a file. */
export function featureStoreOf(features: BuiltFeatures, version: string): FeatureStore {
  return decodeFeatures(encodeFeatures(features, version));
}

export function decodeFeatures(columns: Columns): FeatureStore {
  const index = getColumn(columns, "index", "Uint8Array");
  return {
    version: createTextReader(columns, "version")(0),
    properties: createTextReader(columns, "properties"),
    index: index.length > 0 ? Flatbush.from(index.buffer, index.byteOffset) : undefined,
    featureLayer: getColumn(columns, "featureLayer", "Uint8Array"),
    featureGeometry: getColumn(columns, "featureGeometry", "Uint8Array"),
    featureMinZoom: getColumn(columns, "featureMinZoom", "Uint8Array"),
    featureProperties: getColumn(columns, "featureProperties", "Uint32Array"),
    featureStart: getColumn(columns, "featureStart", "Uint32Array"),
    ringOuter: getColumn(columns, "ringOuter", "Uint8Array"),
    ringStart: getColumn(columns, "ringStart", "Uint32Array"),
    lng7: getColumn(columns, "lng7", "Int32Array"),
    lat7: getColumn(columns, "lat7", "Int32Array"),
  };
}

function indexFeatures({ featureStart, ringStart, lng7, lat7 }: FeatureColumns): Flatbush | undefined {
  const count = featureStart.length - 1;
  if (count === 0) return undefined;
  const index = new Flatbush(count, 16, Int32Array);
  for (let f = 0; f < count; f++) {
    let west = 0x7fff_ffff;
    let south = 0x7fff_ffff;
    let east = -0x8000_0000;
    let north = -0x8000_0000;
    const start = ringStart[featureStart[f] as number] as number;
    const end = ringStart[featureStart[f + 1] as number] as number;
    for (let i = start; i < end; i++) {
      west = Math.min(west, lng7[i] as number);
      east = Math.max(east, lng7[i] as number);
      south = Math.min(south, lat7[i] as number);
      north = Math.max(north, lat7[i] as number);
    }
    index.add(west, south, east, north);
  }
  index.finish();
  return index;
}
