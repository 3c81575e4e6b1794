import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal, root, run, step } from "./steps.mjs";

/** Installs the packages of package-lock.json where node_modules is missing or holds others. */
export async function ensureInstalled() {
  const outdated = findOutdated(root);
  if (outdated === undefined) return;
  await step(`installing packages (${outdated})`, async () => {
    const code = await run("npm", ["ci", "--include=dev", "--no-fund", "--no-audit", "--loglevel=error"]);
    if (code !== 0) {
      throw new Refusal(
        `npm ci failed with exit code ${code}: see above; without a network it needs a filled npm cache`,
      );
    }
  });
}

/**
 * npm keeps what it installed in node_modules/.package-lock.json; compared with package-lock.json it tells what is missing.
 * @returns why an installation is needed; undefined: it is not
 */
export function findOutdated(projectDir) {
  const installedFile = join(projectDir, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return "none are there yet";
  const wanted = JSON.parse(readFileSync(join(projectDir, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes("node_modules/")) continue;
    const found = installed[path];
    // Packages for other platforms, and peers that nobody needs, are not installed.
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue;
    if (found === undefined) return `${path.slice(path.lastIndexOf("node_modules/") + 13)} is missing`;
    if (found.version !== entry.version) return `${path.slice(path.lastIndexOf("node_modules/") + 13)} changed`;
    if (!existsSync(join(projectDir, path))) return `${path} is gone`;
  }
  return undefined;
}
