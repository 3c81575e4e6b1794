import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename } from "node:path";
import { buildGraph } from "./graph/build-graph.ts";
import { encodeGraph } from "./graph/network-columns.ts";
import type { ImportReport } from "./import-report.ts";
import { ElementCollector } from "./osm/collect-elements.ts";
import { readExtract } from "./osm/read-extract.ts";
import { encodeColumns } from "./storage/array-file.ts";
import { replaceFiles } from "./storage/replace-files.ts";
import { buildFeatures } from "./tiles/build-features.ts";
import { encodeFeatures } from "./tiles/feature-store.ts";

/** Raised whenever the same extract would give another graph or other features. */
const BUILDER_VERSION = 1;

const OSM_ATTRIBUTION = "© OpenStreetMap contributors";

/**
 * Imports an .osm.pbf or .osm extract: writes graph.bin, features.bin and report.json into a folder, which is made
 * where it is missing. All three are written under other names first and then renamed.
 * @throws ExtractError
 */
export async function importExtract(
  sourcePath: string,
  outDir: string,
  onProgress: (line: string) => void = () => {},
  now: () => number = Date.now,
): Promise<ImportReport> {
  const sourceName = basename(sourcePath);
  onProgress(`reading ${sourceName}`);
  const collector = new ElementCollector();
  const sourceSha256 = await readExtract(sourcePath, collector);
  const elements = collector.finish();
  onProgress(`building the road graph of ${elements.ways.length} ways and ${elements.nodeCount} nodes`);
  const version = createHash("sha256").update(`${BUILDER_VERSION}:${sourceSha256}`).digest("hex").slice(0, 16);
  const { graph, facts, warnings } = buildGraph(elements, version);
  onProgress("picking what the map draws");
  const features = buildFeatures(elements);
  const report: ImportReport = {
    sourceName,
    sourceSha256,
    version,
    importedAtMs: now(),
    ...extentOf(graph.shapeLng7, graph.shapeLat7, graph.nodeLng7, graph.nodeLat7),
    attribution: attributionOf(elements.copyright),
    ...facts,
    warnings,
  };
  await mkdir(outDir, { recursive: true });
  await replaceFiles(outDir, {
    "features.bin": encodeColumns(encodeFeatures(features, version)),
    "graph.bin": encodeColumns(encodeGraph(graph)),
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
  });
  for (const warning of warnings) onProgress(`warning: ${warning}`);
  onProgress(
    `${sourceName}: ${report.roadWays} roads, ${report.edges} edges, ${features.featureCount} things to draw; ` +
      `${(report.largestComponentShare * 100).toFixed(1)} % of the car roads reach one another`,
  );
  return report;
}

function attributionOf(copyright: string | undefined): string {
  if (copyright === undefined) return OSM_ATTRIBUTION;
  return copyright.startsWith("©") ? copyright : `© ${copyright}`;
}

function extentOf(shapeLng7: Int32Array, shapeLat7: Int32Array, nodeLng7: Int32Array, nodeLat7: Int32Array) {
  const west = shapeLng7.reduce((a, b) => Math.min(a, b)) / 1e7;
  const east = shapeLng7.reduce((a, b) => Math.max(a, b)) / 1e7;
  const south = shapeLat7.reduce((a, b) => Math.min(a, b)) / 1e7;
  const north = shapeLat7.reduce((a, b) => Math.max(a, b)) / 1e7;
  return { bounds: [west, south, east, north] as const, center: [median(nodeLng7), median(nodeLat7)] as const };
}

function median(values: Int32Array): number {
  return (values.slice().sort()[values.length >> 1] as number) / 1e7;
}
