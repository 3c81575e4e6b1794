import { existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureMap } from "../launcher/dist/demo/map.js";

/** Imports the mounted extract, or makes the demo district where none is mounted, and points MAP_DIR/current at it. */
const projectDir = fileURLToPath(new URL("..", import.meta.url));
const mapsDir = "/var/lib/wufen/map";
const mounted = "/extract.osm.pbf";
const extract = existsSync(mounted) && statSync(mounted).size > 0 ? mounted : undefined;
const source = extract === undefined ? { districtSeed: Number(process.env.WUFEN_SEED ?? 5) } : { osm: extract };

mkdirSync(mapsDir, { recursive: true });
const log = (line) => console.log(line);
const mapDir = await ensureMap(source, { projectDir, mapsDir, log, signal: new AbortController().signal });
const link = join(mapsDir, "current");
rmSync(`${link}.new`, { force: true });
symlinkSync(mapDir, `${link}.new`);
renameSync(`${link}.new`, link);
console.log(JSON.stringify({ map: mapDir }));
