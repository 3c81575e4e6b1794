import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateDistrict } from "../district/generate-district.ts";
import { readOptions, readWhole } from "./options.ts";

/** `generate-district --seed 5 --out DIR` → district.osm, grid.geojson, stations.json. */
export function generateDistrictCommand(argv: string[]): number {
  const options = readOptions(argv, { seed: "5", out: undefined });
  const seed = readWhole("--seed", options.seed, 0, 0xffffffff);
  const district = generateDistrict(seed);
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "district.osm"), district.osmXml);
  writeFileSync(join(options.out, "grid.geojson"), JSON.stringify(district.grid));
  writeFileSync(join(options.out, "stations.json"), JSON.stringify(district.stations, undefined, 1));
  return 0;
}
