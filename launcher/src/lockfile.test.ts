import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test("package-lock.json names the packages of every platform: without one of them npm ci refuses it everywhere", () => {
  const text = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !foldersAbove(path).some((dir) => `${dir}${name}` in packages)),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for what the package at `path` imports. */
function foldersAbove(path: string): string[] {
  const folders = path === "" ? [] : [`${path}/node_modules/`];
  for (let at = path.lastIndexOf("node_modules/"); at > 0; at = path.lastIndexOf("node_modules/", at - 1)) {
    folders.push(`${path.slice(0, at)}node_modules/`);
  }
  return [...folders, "node_modules/"];
}
