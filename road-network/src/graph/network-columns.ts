import Flatbush from "flatbush";
import { type Columns, createTextReader, encodeTexts, getColumn } from "../storage/array-file.ts";
import type { RoadGraph } from "./road-graph.ts";

/** What a builder makes: a graph before it has its file. */
export type RoadGraphColumns = Omit<RoadGraph, "nodeCount" | "edgeCount" | "text" | "segmentIndex"> & {
  readonly texts: readonly string[];
};

/** The columns of a graph file. */
export function encodeGraph(graph: RoadGraphColumns): Columns {
  const { version, texts, ...columns } = graph;
  return {
    ...columns,
    segmentIndex: new Uint8Array(indexSegments(graph).data as ArrayBuffer),
    ...encodeTexts("version", [version]),
    ...encodeTexts("text", texts),
  };
}

/** A graph over the columns of a graph file. */
export function decodeGraph(columns: Columns): RoadGraph {
  const nodeLng7 = getColumn(columns, "nodeLng7", "Int32Array");
  const edgeFrom = getColumn(columns, "edgeFrom", "Uint32Array");
  const index = getColumn(columns, "segmentIndex", "Uint8Array");
  return {
    version: createTextReader(columns, "version")(0),
    nodeCount: nodeLng7.length,
    edgeCount: edgeFrom.length,
    nodeLng7,
    nodeLat7: getColumn(columns, "nodeLat7", "Int32Array"),
    nodeFlags: getColumn(columns, "nodeFlags", "Uint8Array"),
    edgeFrom,
    edgeTo: getColumn(columns, "edgeTo", "Uint32Array"),
    edgeLengthDm: getColumn(columns, "edgeLengthDm", "Uint32Array"),
    edgeClass: getColumn(columns, "edgeClass", "Uint8Array"),
    edgeSpeedKmh: getColumn(columns, "edgeSpeedKmh", "Uint8Array"),
    edgeMaxspeedKmh: getColumn(columns, "edgeMaxspeedKmh", "Uint8Array"),
    edgeAccess: getColumn(columns, "edgeAccess", "Uint8Array"),
    edgeFlags: getColumn(columns, "edgeFlags", "Uint8Array"),
    edgeWay: getColumn(columns, "edgeWay", "Uint32Array"),
    edgeComponent: getColumn(columns, "edgeComponent", "Uint32Array"),
    outStart: getColumn(columns, "outStart", "Uint32Array"),
    outEdges: getColumn(columns, "outEdges", "Uint32Array"),
    shapeStart: getColumn(columns, "shapeStart", "Uint32Array"),
    shapeLng7: getColumn(columns, "shapeLng7", "Int32Array"),
    shapeLat7: getColumn(columns, "shapeLat7", "Int32Array"),
    wayId: getColumn(columns, "wayId", "Float64Array"),
    wayName: getColumn(columns, "wayName", "Uint32Array"),
    wayNameEn: getColumn(columns, "wayNameEn", "Uint32Array"),
    wayNameZh: getColumn(columns, "wayNameZh", "Uint32Array"),
    wayRef: getColumn(columns, "wayRef", "Uint32Array"),
    wayLanes: getColumn(columns, "wayLanes", "Uint8Array"),
    text: createTextReader(columns, "text"),
    restrictionKind: getColumn(columns, "restrictionKind", "Uint8Array"),
    restrictionVehicles: getColumn(columns, "restrictionVehicles", "Uint8Array"),
    restrictionStart: getColumn(columns, "restrictionStart", "Uint32Array"),
    restrictionEdges: getColumn(columns, "restrictionEdges", "Uint32Array"),
    segmentIndex: Flatbush.from(index.buffer, index.byteOffset),
  };
}

function indexSegments({ shapeStart, shapeLng7, shapeLat7 }: RoadGraphColumns): Flatbush {
  const segments = shapeStart.length - 1;
  const index = new Flatbush(segments, 16, Int32Array);
  for (let s = 0; s < segments; s++) {
    let west = 0x7fff_ffff;
    let south = 0x7fff_ffff;
    let east = -0x8000_0000;
    let north = -0x8000_0000;
    for (let i = shapeStart[s] as number; i < (shapeStart[s + 1] as number); i++) {
      west = Math.min(west, shapeLng7[i] as number);
      east = Math.max(east, shapeLng7[i] as number);
      south = Math.min(south, shapeLat7[i] as number);
      north = Math.max(north, shapeLat7[i] as number);
    }
    index.add(west, south, east, north);
  }
  index.finish();
  return index;
}
