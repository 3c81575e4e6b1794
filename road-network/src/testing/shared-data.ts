import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SHARED = fileURLToPath(new URL("../../../../shared/", import.meta.url));

/** Whether the extracts for tests lie beside the repository; without them their tests are reported as skipped. */
export const hasSharedData = existsSync(SHARED);
export const WITHOUT_SHARED_DATA = hasSharedData ? "" : " (skipped: ../shared/data is not beside the repository)";

/** The path of one of them. A missing file is found out by who opens it. */
export function sharedExtract(name: string): string {
  return `${SHARED}data/osm/${name}`;
}
