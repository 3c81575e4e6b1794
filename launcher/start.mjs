import { ensureBuilt } from "./bootstrap/build.mjs";
import { ensureInstalled } from "./bootstrap/install.mjs";
import { requireNode } from "./bootstrap/node-version.mjs";
import { main } from "./bootstrap/steps.mjs";

requireNode();
await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const launcher = await import("./dist/main.js");
  return launcher.launch(process.argv.slice(2));
});
