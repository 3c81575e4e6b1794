import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isProcess } from "../process/other-processes.ts";
import { lockFolder } from "./lock.ts";

const dir = mkdtempSync(join(tmpdir(), "wufen-lock-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const lockFile = join(dir, "lock");

test("a lock that a killed start left, or whose number is another program's now, is taken over", () => {
  // No process has a number that high; the parent lives and is no such script.
  for (const pid of [2 ** 22 + 1, process.ppid]) {
    writeFileSync(lockFile, `${pid} 0 launcher/no-such-script.mjs`);
    lockFolder(lockFile, dir)();
  }
});

test("a folder is given to one at a time", () => {
  const unlock = lockFolder(lockFile, dir);
  expect(() => lockFolder(lockFile, dir)).toThrow(`(process ${process.pid}): stop that one, or choose another --data`);
  unlock();
  lockFolder(lockFile, dir)();
});

test("a process is known by its number and its command line", () => {
  expect(isProcess(process.pid, process.argv0)).toBe(true);
  expect(isProcess(process.pid, "no such word in it")).toBe(false);
});
