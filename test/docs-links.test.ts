import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { root } from "./support/process.ts";

const IGNORED = new Set(["node_modules", "dist", ".git"]);

function* markdownFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || IGNORED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* markdownFiles(path);
    else if (entry.name.endsWith(".md")) yield path;
  }
}

it("every link of the documents to a file of the repository leads to one", () => {
  const broken: string[] = [];
  for (const file of markdownFiles(root)) {
    for (const [, target = ""] of readFileSync(file, "utf8").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:|^#/.test(target)) continue;
      const path = join(dirname(file), target.split("#")[0] ?? "");
      if (!existsSync(path)) broken.push(`${relative(root, file)} → ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
