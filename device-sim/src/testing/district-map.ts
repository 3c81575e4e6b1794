import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importExtract, openMap, type RoadGraph } from "@wufen/road-network";
import { generateDistrict } from "../district/generate-district.ts";
import type { Station } from "../district/stations.ts";

/** The demo district of a seed, imported the way any city is. */
export async function importDistrict(seed: number): Promise<{ graph: RoadGraph; stations: Station[] }> {
  const district = generateDistrict(seed, { buildings: false });
  const folder = mkdtempSync(join(tmpdir(), "wufen-district-"));
  try {
    writeFileSync(join(folder, "district.osm"), district.osmXml);
    await importExtract(join(folder, "district.osm"), join(folder, "map"));
    const { graph } = await openMap(join(folder, "map"));
    return { graph, stations: district.stations };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
