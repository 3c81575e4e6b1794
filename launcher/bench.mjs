import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "./bootstrap/build.mjs";
import { ensureInstalled } from "./bootstrap/install.mjs";
import { requireNode } from "./bootstrap/node-version.mjs";
import { main, Refusal, root, run } from "./bootstrap/steps.mjs";

/** Each file `bench/NAME.ts` exports `run(print)` and prints one JSON object a line. */
const PROGRAM = `
const { run } = await import(process.argv[1]);
await run((line) => process.stdout.write(JSON.stringify(line) + "\\n"));
`;

requireNode();
await main(async () => {
  // Standard output is for the benchmark's lines alone.
  console.log = console.error;
  await ensureInstalled();
  await ensureBuilt();
  const known = readdirSync(join(root, "bench"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length));
  const names = process.argv.slice(2);
  for (const name of names.length === 0 ? known : names) {
    const file = join(root, "bench", `${name}.ts`);
    if (!existsSync(file)) throw new Refusal(`no benchmark "${name}": give one of ${known.join(", ")}`);
    const args = ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", PROGRAM, pathToFileURL(file).href];
    const code = await run(process.execPath, args);
    if (code !== 0) return code;
  }
  return 0;
});
