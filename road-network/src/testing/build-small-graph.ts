import { type BuiltGraph, buildGraph } from "../graph/build-graph.ts";
import { decodeGraph, encodeGraph } from "../graph/network-columns.ts";
import type { RoadGraph } from "../graph/road-graph.ts";
import { ElementCollector, type Elements } from "../osm/collect-elements.ts";
import type { SmallExtract } from "./small-extract.ts";

function collect({ nodes, ways, relations = [] }: SmallExtract): Elements {
  const collector = new ElementCollector();
  const tagMap = (tags: Record<string, string> = {}) => new Map(Object.entries(tags));
  for (const { id, lng, lat, tags } of nodes) {
    collector.node(id, Math.round(lng * 1e7), Math.round(lat * 1e7), tagMap(tags));
  }
  for (const way of ways) collector.way(way.id, way.nodes, tagMap(way.tags));
  for (const { id, members, tags } of relations) collector.relation(id, members, tagMap(tags));
  return collector.finish();
}

/** The graph of a small extract, as it is after a way through its file's columns. */
export function buildSmallGraph(extract: SmallExtract): RoadGraph & { readonly facts: BuiltGraph["facts"] } {
  const built = buildGraph(collect(extract), "test");
  return { ...decodeGraph(encodeGraph(built.graph)), facts: built.facts };
}

/** Nodes of a grid 0.001° apart: id 1 is at 8.0, 49.0, ids grow to the east, then to the north. */
export function gridNodes(columns: number, rows: number, tags: Record<number, Record<string, string>> = {}) {
  return Array.from({ length: columns * rows }, (_, i) => ({
    id: i + 1,
    lng: 8 + (i % columns) * 0.001,
    lat: 49 + Math.floor(i / columns) * 0.001,
    tags: tags[i + 1] ?? {},
  }));
}
