import { expect, test } from "vitest";
import { createLog } from "./log.ts";

test("an error's details stay out of the log: they quote positions", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const detail = "Failing row contains (7, 2026-11-22 08:00:00+00, 1143000000, 306000000).";
  const where = 'COPY fix, line 1: "7 1143000000 306000000"';
  log.error({ err: Object.assign(new Error("null value"), { code: "23502", detail, where }) }, "not stored");
  log.error({ err: "no error" }, "not stored");
  expect(lines.join("")).toContain("23502");
  expect(lines.join("")).not.toContain("1143000000");
});
