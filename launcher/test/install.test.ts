import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

// Plain JavaScript, because it runs before anything is installed.
const file = new URL("../bootstrap/install.mjs", import.meta.url).href;
const { findOutdated } = (await import(file)) as { findOutdated(projectDir: string): string | undefined };

const dir = mkdtempSync(join(tmpdir(), "wufen-install-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, packages: Record<string, object>): void {
  mkdirSync(join(dir, "node_modules"), { recursive: true });
  for (const path of Object.keys(packages)) if (path !== "") mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, name), JSON.stringify({ packages }));
}

test("packages are installed where none, others or too few are there; those of other platforms do not count", () => {
  const wanted = {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "2.0.0", optional: true },
  };
  writeFileSync(join(dir, "package-lock.json"), JSON.stringify({ packages: wanted }));
  expect(findOutdated(dir)).toBe("none are there yet");
  write("node_modules/.package-lock.json", { "node_modules/a": { version: "1.0.0" } });
  expect(findOutdated(dir)).toBeUndefined();
  write("node_modules/.package-lock.json", { "node_modules/a": { version: "0.9.0" } });
  expect(findOutdated(dir)).toBe("a changed");
  write("node_modules/.package-lock.json", {});
  expect(findOutdated(dir)).toBe("a is missing");
  write("node_modules/.package-lock.json", { "node_modules/a": { version: "1.0.0" } });
  rmSync(join(dir, "node_modules/a"), { recursive: true });
  expect(findOutdated(dir)).toBe("node_modules/a is gone");
});
