import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runNode } from "../process/start-node.ts";

/** Imported maps that are kept besides the one in use, so that changing between cities is quick. */
const MAPS_KEPT = 4;

export type MapSource = { readonly osm: string } | { readonly districtSeed: number };

export type MapTools = {
  readonly projectDir: string;
  readonly mapsDir: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/**
 * The folder of the imported map. An extract is imported once: the folder's name is made from the extract's content and the
 * importer's code.
 * @throws Refusal with what the importer says of a broken extract
 */
export async function ensureMap(source: MapSource, tools: MapTools): Promise<string> {
  const { mapsDir, projectDir } = tools;
  const isDistrict = "districtSeed" in source;
  const origin = isDistrict
    ? `district ${source.districtSeed} ${hashOfCode(join(projectDir, "device-sim/dist"))}`
    : await hashOfFile(source.osm);
  const id = createHash("sha256")
    .update(`${origin} ${hashOfCode(join(projectDir, "road-network/dist"))}`)
    .digest("hex")
    .slice(0, 16);
  const mapDir = join(mapsDir, id);
  if (!existsSync(mapDir)) {
    const makingDir = join(mapsDir, `${id}.new`);
    rmSync(makingDir, { recursive: true, force: true });
    mkdirSync(makingDir, { recursive: true });
    const extract = isDistrict ? await generateDistrict(source.districtSeed, makingDir, tools) : source.osm;
    try {
      await run("road-network/dist/main.js", ["import", extract, makingDir], tools);
    } catch (error) {
      rmSync(makingDir, { recursive: true, force: true });
      throw error;
    }
    renameSync(makingDir, mapDir);
  }
  const now = new Date();
  utimesSync(mapDir, now, now);
  forgetOldMaps(mapsDir, id);
  return mapDir;
}

/** Where the middle of an imported map is. */
export function readMapCenter(mapDir: string): readonly [number, number] {
  const report = JSON.parse(readFileSync(join(mapDir, "report.json"), "utf8")) as { center: [number, number] };
  return report.center;
}

async function generateDistrict(seed: number, makingDir: string, tools: MapTools): Promise<string> {
  const districtDir = join(makingDir, "district");
  await run("device-sim/dist/main.js", ["generate-district", "--seed", String(seed), "--out", districtDir], tools);
  // The fleet finds its posts beside the map.
  copyFileSync(join(districtDir, "stations.json"), join(makingDir, "stations.json"));
  return join(districtDir, "district.osm");
}

function run(script: string, args: readonly string[], { projectDir, log, signal }: MapTools): Promise<string> {
  return runNode({ name: basename(script), script, args, environment: {} }, projectDir, log, "", signal);
}

function forgetOldMaps(mapsDir: string, idInUse: string): void {
  const others = readdirSync(mapsDir)
    .filter((name) => name !== idInUse)
    .map((name) => ({ dir: join(mapsDir, name), usedAtMs: statSync(join(mapsDir, name)).mtimeMs }))
    .sort((a, b) => b.usedAtMs - a.usedAtMs);
  for (const { dir } of others.slice(MAPS_KEPT)) rmSync(dir, { recursive: true, force: true });
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function hashOfCode(dir: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".js")) hash.update(file).update(readFileSync(join(dir, file)));
  }
  return hash.digest("hex");
}
