import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./bootstrap/build.mjs";
import { ensureInstalled } from "./bootstrap/install.mjs";
import { requireNode } from "./bootstrap/node-version.mjs";
import { main, run } from "./bootstrap/steps.mjs";
import { ensureSystemPackages } from "./bootstrap/system-packages.mjs";

/** What is checked without running the product: the scripts of package.json. */
const CHECKS = ["check:format", "check:imports", "check:exports", "check:types", "check:map"];

requireNode();
await main(async () => {
  const filters = process.argv.slice(2);
  await ensureInstalled();
  await ensureSystemPackages();
  await ensureBuilt();

  const total = { passed: 0, failed: 0, skipped: 0 };
  // A filter asks for some tests, and for nothing else.
  for (const check of filters.length === 0 ? CHECKS : []) {
    console.log(`\n· ${check}`);
    if ((await run("npm", ["run", "--silent", check])) !== 0) total.failed++;
  }
  const folder = mkdtempSync(join(tmpdir(), "wufen-report-"));
  try {
    for (const project of ["unit", "system"]) {
      const report = join(folder, `${project}.json`);
      const code = await run(process.execPath, [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--project",
        project,
        "--passWithNoTests",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
        ...filters,
      ]);
      count(total, report, code);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (total.passed + total.failed + total.skipped === 0) console.error(`no test matches ${filters.join(" ")}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

/** Adds one run's numbers. A file that does not load, and a run that broke off, are failures too. */
function count(total, report, code) {
  const before = total.failed;
  if (existsSync(report)) {
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    for (const { status, assertionResults } of testResults) {
      for (const { status: outcome } of assertionResults) {
        if (outcome === "passed") total.passed++;
        else if (outcome === "failed") total.failed++;
        else total.skipped++;
      }
      if (status === "failed" && !assertionResults.some((result) => result.status === "failed")) total.failed++;
    }
  }
  if (code !== 0 && total.failed === before) total.failed++;
}
