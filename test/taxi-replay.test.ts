import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createTestDatabase, type TestDatabase } from "@wufen/database";
import { nearestRoadDistanceM, openMap } from "@wufen/road-network";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, runNode } from "./support/process.ts";
import { System } from "./support/system.ts";

const data = join(root, "../shared/data");
const DRIVERS = 150;
/** The extract's box: a trip also leads where no road is known, and is not judged there. */
const BOX = [104.039, 30.62, 104.078, 30.651] as const;

describe.skipIf(!existsSync(data))(
  "recorded taxis of Chengdu, in GCJ-02 (skipped where ../shared/data is not: the traces may not be redistributed)",
  () => {
    let folder: string;
    let database: TestDatabase;
    let system: System;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "wt-"));
      database = await createTestDatabase();
      // The trips are of 2014, but told as of now.
      system = await System.start(folder, database.url);
    });

    afterAll(async () => {
      await system?.stop();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    });

    it("drive on its streets: their median distance to the nearest road is under 8 m, by the way of every ping", async () => {
      const map = join(folder, "map");
      await runNode("road-network/dist/main.js", ["import", join(data, "osm/chengdu-wuhou.osm"), map]);
      const { graph } = await openMap(map);
      const { file } = await system.register(
        Array.from({ length: DRIVERS }, (_, i) => ({
          callsign: `T${i}`,
          kind: "car" as const,
          deviceKind: "vehicle-terminal" as const,
          datum: "gcj02" as const,
        })),
      );
      await runNode("device-sim/dist/main.js", [
        ...[
          "replay",
          "--url",
          system.mqttUrl,
          "--traces",
          join(data, "traces/deeptte-chengdu-test.jsonl"),
          "--credentials",
          file,
        ],
        ...["--box", BOX.join(","), "--speed", "150", "--pause", "1"],
      ]);
      const sql = connect(database.url, { max: 1 });
      const fixes = await sql<{ lng: number; lat: number }[]>`SELECT lng_e7 / 1e7 AS lng, lat_e7 / 1e7 AS lat FROM fix`;
      await sql.end();
      const [west, south, east, north] = BOX;
      const distances = fixes
        .filter(({ lng, lat }) => lng > west && lng < east && lat > south && lat < north)
        .map(({ lng, lat }) => nearestRoadDistanceM(graph, [lng, lat], 200)?.distanceM ?? 200)
        .sort((a, b) => a - b);
      const median = distances[Math.floor(distances.length / 2)];
      console.log(`${distances.length} fixes of recorded taxis: median ${median?.toFixed(1)} m from the nearest road`);
      expect(distances.length).toBeGreaterThan(500);
      expect(median).toBeLessThan(8);
    });
  },
);
