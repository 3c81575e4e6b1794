import { existsSync, readFileSync } from "node:fs";
import type { Position } from "@wufen/contract";
import { NODE_FLAG, type RoadGraph } from "@wufen/road-network";
import type { Post } from "../fleet/roster.ts";
import type { Random } from "../random.ts";

/** The posts of stations.json; none where the file is missing, because a city of one's own has none. */
export function readPosts(path: string): Post[] {
  if (!existsSync(path)) return [];
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(content)) throw new Error(`${path}: not a list of stations; generate the district again`);
  return content as Post[];
}

/** A junction of the largest car network, by chance. */
export function findRoadPost(graph: RoadGraph, random: Random): Position {
  for (let i = 0; i < 10_000; i++) {
    const edge = Math.floor(random() * graph.edgeCount);
    if (graph.edgeComponent[edge] !== 0) continue;
    const node = graph.edgeTo[edge] as number;
    if (((graph.nodeFlags[node] as number) & NODE_FLAG.CAR_BARRIER) !== 0) continue;
    return [(graph.nodeLng7[node] as number) / 1e7, (graph.nodeLat7[node] as number) / 1e7];
  }
  throw new Error("the map has no road for cars: import an extract with roads");
}
