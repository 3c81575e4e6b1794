import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LogFile } from "./log-file.ts";

test("a log holds its last lines and stays below twice its limit", () => {
  const dir = mkdtempSync(join(tmpdir(), "wufen-log-"));
  try {
    const path = join(dir, "x.log");
    const log = new LogFile(path, 1000);
    for (let i = 0; i < 1000; i++) log.write(`line ${i}`);
    log.close();
    log.write("after the end");
    expect(readFileSync(path, "utf8")).toMatch(/line 999\n$/);
    expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(2100);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
