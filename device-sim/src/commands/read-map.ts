import { existsSync } from "node:fs";
import { join } from "node:path";
import { openMap, type RoadGraph } from "@wufen/road-network";

/** The roads of an imported map. @throws Error with the remedy where there is none. */
export async function readMap(folder: string): Promise<RoadGraph> {
  if (!existsSync(join(folder, "graph.bin"))) {
    throw new Error(`--map ${folder} holds no imported map (graph.bin): import an extract into it first`);
  }
  return (await openMap(folder)).graph;
}
