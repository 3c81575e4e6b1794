import { join } from "node:path";
import { demoRoster } from "../fleet/roster.ts";
import { readOptions, readWhole } from "./options.ts";
import { findRoadPost, readPosts } from "./posts.ts";
import { readMap } from "./read-map.ts";

/** `roster --map DIR [--stations FILE] [--seed 5] [--units 300]` → the demo's units as JSON on standard output. */
export async function rosterCommand(argv: string[]): Promise<number> {
  const options = readOptions(argv, { map: undefined, stations: "", seed: "5", units: "300" });
  const seed = readWhole("--seed", options.seed, 0, 0xffffffff);
  const units = readWhole("--units", options.units, 1, 20_000);
  const graph = await readMap(options.map);
  const posts = readPosts(options.stations || join(options.map, "stations.json"));
  const roster = demoRoster(seed, units, posts, (random) => findRoadPost(graph, random));
  process.stdout.write(`${JSON.stringify(roster)}\n`);
  return 0;
}
