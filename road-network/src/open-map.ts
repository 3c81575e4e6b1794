import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeGraph } from "./graph/network-columns.ts";
import type { RoadGraph } from "./graph/road-graph.ts";
import type { ImportReport } from "./import-report.ts";
import { readColumns } from "./storage/array-file.ts";
import { decodeFeatures } from "./tiles/feature-store.ts";
import { createTileSource, type TileSource } from "./tiles/tile-source.ts";

export interface OpenMap {
  readonly graph: RoadGraph;
  readonly tiles: TileSource;
  readonly report: ImportReport;
}

/**
 * Opens what importExtract wrote.
 * @throws Error when a file is missing, or when the files are of different imports (a kill between their renames).
 */
export async function openMap(outDir: string): Promise<OpenMap> {
  const [graphColumns, featureColumns, reportText] = await Promise.all([
    readColumns(join(outDir, "graph.bin")),
    readColumns(join(outDir, "features.bin")),
    readFile(join(outDir, "report.json"), "utf8"),
  ]);
  const graph = decodeGraph(graphColumns);
  const store = decodeFeatures(featureColumns);
  const report: ImportReport = JSON.parse(reportText);
  if (graph.version !== report.version || store.version !== report.version) {
    throw new Error(
      `${outDir} mixes imports ${graph.version}, ${store.version} and ${report.version}; import the extract again`,
    );
  }
  return { graph, tiles: createTileSource(store, report.bounds), report };
}
