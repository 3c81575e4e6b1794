import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runQuietly, step } from "./steps.mjs";

/** What each part is built from, and a file that its build leaves. */
const PARTS = {
  server: {
    title: "building the server",
    sources: [
      ...["contract", "road-network", "database", "broker", "dispatch-api", "device-sim", "launcher"].flatMap(
        (name) => [`${name}/src`, `${name}/package.json`, `${name}/tsconfig.json`],
      ),
      "tsconfig.base.json",
      "tsconfig.json",
      "package-lock.json",
    ],
    results: ["database", "broker", "dispatch-api", "device-sim", "road-network", "launcher"].map(
      (name) => `${name}/dist/main.js`,
    ),
    command: ["npm", "run", "--silent", "build:server"],
  },
  map: {
    title: "building the map",
    sources: [
      ...["src", "public", "index.html", "package.json", "svelte.config.js", "tsconfig.json", "vite.config.ts"].map(
        (name) => `map-client/${name}`,
      ),
      "contract/src",
      "package-lock.json",
    ],
    results: ["map-client/dist/index.html"],
    command: ["npm", "run", "--silent", "build:map"],
  },
};

/** Builds each part whose sources are not those of its last build. */
export async function ensureBuilt() {
  for (const [name, part] of Object.entries(PARTS)) {
    const stampFile = join(root, "node_modules", ".cache", "wufen", `${name}.stamp`);
    const stamp = stampOf(part.sources);
    const isBuilt = part.results.every((file) => existsSync(join(root, file)));
    if (isBuilt && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) continue;
    await step(part.title, () => {
      const [command, ...args] = part.command;
      runQuietly(part.title, command, args);
    });
    mkdirSync(join(stampFile, ".."), { recursive: true });
    writeFileSync(stampFile, stamp);
  }
}

/** Names, sizes and times of the files: some milliseconds where their contents would take many. */
function stampOf(sources) {
  const hash = createHash("sha256");
  const add = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) for (const entry of readdirSync(join(root, path)).sort()) add(`${path}/${entry}`);
    else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const source of sources) add(source);
  return hash.digest("hex");
}
