import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importExtract } from "./import-extract.ts";
import { openMap } from "./open-map.ts";
import { gridNodes } from "./testing/build-small-graph.ts";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "./testing/shared-data.ts";
import { writePbf } from "./testing/write-pbf.ts";
import { writeXml } from "./testing/write-xml.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-import-"));
});
afterAll(() => rm(folder, { recursive: true }));

const SMALL = { nodes: gridNodes(3, 1), ways: [{ id: 1, nodes: [1, 2, 3], tags: { highway: "primary", name: "一" } }] };

describe("an import", () => {
  it("gives the same graph from PBF and from XML", async () => {
    await writeFile(join(folder, "small.osm.pbf"), writePbf(SMALL));
    await writeFile(join(folder, "small.osm"), writeXml(SMALL));
    const lines: string[] = [];
    await importExtract(join(folder, "small.osm.pbf"), join(folder, "pbf"), (line) => lines.push(line));
    await importExtract(join(folder, "small.osm"), join(folder, "xml"));
    const [a, b] = await Promise.all([openMap(join(folder, "pbf")), openMap(join(folder, "xml"))]);
    expect(a.graph.shapeLng7).toEqual(b.graph.shapeLng7);
    expect(a.graph.edgeAccess).toEqual(b.graph.edgeAccess);
    expect(a.graph.version).not.toBe(b.graph.version);
    expect(a.graph.version).toBe(a.report.version);
    expect(lines.at(-1)).toMatch(/^small\.osm\.pbf: 1 roads, 2 edges/);
    expect(a.graph.shapeLng7.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("of the same file twice gives the same bytes", async () => {
    const path = join(folder, "small.osm");
    await writeFile(path, writeXml(SMALL));
    await importExtract(path, join(folder, "first"), undefined, () => 1_800_000_000_000);
    await importExtract(path, join(folder, "second"), undefined, () => 1_800_000_000_000);
    for (const name of ["graph.bin", "features.bin", "report.json"]) {
      expect(await readFile(join(folder, "first", name))).toEqual(await readFile(join(folder, "second", name)));
    }
  });

  it("says whose data it is", async () => {
    const path = join(folder, "owned.osm");
    await writeFile(path, writeXml(SMALL));
    expect((await importExtract(path, join(folder, "owned"))).attribution).toBe("© OpenStreetMap contributors");
    await writeFile(path, writeXml(SMALL, ' copyright="A fictional district"'));
    expect((await importExtract(path, join(folder, "owned"))).attribution).toBe("© A fictional district");
  });

  it("without roads is refused and leaves what was there before", async () => {
    const out = join(folder, "kept");
    await writeFile(join(folder, "small.osm"), writeXml(SMALL));
    const before = await importExtract(join(folder, "small.osm"), out);
    const none = join(folder, "none.osm");
    await writeFile(
      none,
      writeXml({ nodes: gridNodes(2, 1), ways: [{ id: 1, nodes: [1, 2], tags: { waterway: "river" } }] }),
    );
    await expect(importExtract(none, out)).rejects.toMatchObject({ code: "EXTRACT_NO_ROADS" });
    await writeFile(none, writeXml({ nodes: [], ways: [{ id: 1, nodes: [1, 2], tags: { highway: "primary" } }] }));
    await expect(importExtract(none, out)).rejects.toMatchObject({ code: "EXTRACT_NO_ROADS" });
    expect((await openMap(out)).report).toEqual(before);
    expect((await readdir(out)).sort()).toEqual(["features.bin", "graph.bin", "report.json"]);
  });

  it("that dies between the renames is noticed when the map is opened", async () => {
    const out = join(folder, "mixed");
    const path = join(folder, "small.osm");
    await writeFile(path, writeXml(SMALL));
    await importExtract(path, out);
    const old = await readFile(join(out, "graph.bin"));
    await writeFile(path, writeXml(SMALL, ' generator="other"'));
    await importExtract(path, out);
    await writeFile(join(out, "graph.bin"), old);
    await expect(openMap(out)).rejects.toThrow("mixes imports");
    await writeFile(join(out, "graph.bin"), old.subarray(0, 40));
    await expect(openMap(out)).rejects.toThrow("import the extract again");
  });

  it("that cannot write leaves no half-written files", async () => {
    const out = join(folder, "blocked");
    await mkdir(join(out, "graph.bin", "in the way"), { recursive: true });
    await writeFile(join(folder, "small.osm"), writeXml(SMALL));
    await expect(importExtract(join(folder, "small.osm"), out)).rejects.toThrow();
    expect((await readdir(out)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe.skipIf(!hasSharedData)(`real extracts${WITHOUT_SHARED_DATA}`, () => {
  it.each([
    ["jinan.osm.pbf", { roadWays: 18_118, roadNodes: 40_736, restrictions: 0, signals: 0, namedWays: 0 }, 0.9],
    ["chengdu-wuhou.osm", { roadWays: 852, roadNodes: 1_712, restrictions: 0, signals: 46, namedWays: 637 }, 0.8],
    ["shanghai-center.osm", { roadWays: 796, roadNodes: 2_458, restrictions: 0, signals: 288, namedWays: 629 }, 0.5],
    ["heidelberg.osm.pbf", { roadWays: 11_028, roadNodes: 62_931, restrictions: 476, signals: 534 }, 0.9],
    ["liechtenstein.osm.pbf", { roadWays: 2_388, roadNodes: 16_912, signals: 8 }, 0.9],
  ])("%s", async (name, facts, largest) => {
    const report = await importExtract(sharedExtract(name), join(folder, name));
    expect(report).toMatchObject(facts);
    expect(report.largestComponentShare).toBeGreaterThan(largest);
    const { graph, tiles } = await openMap(join(folder, name));
    const [west, south, east, north] = report.bounds;
    expect(report.center[0] > west && report.center[0] < east).toBe(true);
    expect(report.center[1] > south && report.center[1] < north).toBe(true);
    for (let edge = 0; edge < graph.edgeCount; edge++) {
      if (graph.edgeLengthDm[edge] === 0 || graph.edgeSpeedKmh[edge] === 0)
        throw new Error(`Edge ${edge} takes no time`);
    }
    expect(tiles.bounds).toEqual(report.bounds);
  });
});

it("the command prints its progress, and one line for an extract that cannot be used", async () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(process.execPath, ["--import", "tsx", main, ...args], (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  const path = join(folder, "small.osm");
  await writeFile(path, writeXml(SMALL));
  const good = await run("import", path, join(folder, "command"));
  expect(good.code).toBe(0);
  expect(good.stdout).toContain("reading small.osm");
  const bad = await run("import", join(folder, "nowhere.osm.pbf"), join(folder, "command"));
  expect(bad).toMatchObject({ code: 1, stdout: "reading nowhere.osm.pbf\n" });
  expect(bad.stderr.trim().split("\n")).toHaveLength(1);
  expect(bad.stderr).toContain("nowhere.osm.pbf");
  expect((await run("export")).code).toBe(2);
});
