import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { signIn, startChromium } from "../test/support/chromium.ts";
import { root } from "../test/support/process.ts";
import type { Print } from "./support/line.ts";

/** `npm start`, first on an empty data folder and then on what that left: seconds until the map is drawn in a browser, fleet and all. */
export async function run(print: Print): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "ws-"));
  const browser = await startChromium();
  try {
    for (const kind of ["cold", "warm"]) {
      const startedAtMs = Date.now();
      const child = spawn(
        process.execPath,
        ["launcher/start.mjs", "--data", data, "--http-port", "0", "--mqtt-port", "0"],
        {
          cwd: root,
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const ended = once(child, "exit");
      const { base, name, password } = await readSummary(child.stdout);
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await signIn(page, base, name, password);
      print({ name: `start/first-map-${kind}`, value: (Date.now() - startedAtMs) / 1000, unit: "s" });
      await page.close();
      child.kill("SIGINT");
      await ended;
    }
  } finally {
    await browser.close();
    await rm(data, { recursive: true, force: true });
  }
}

/** The address of the map and the demo's dispatcher, as the start prints them. */
async function readSummary(output: NodeJS.ReadableStream): Promise<{ base: string; name: string; password: string }> {
  let base: string | undefined;
  for await (const line of createInterface({ input: output })) {
    base ??= /map\s+(http:\S+)/.exec(line)?.[1];
    const person = /sign in\s+(\S+) \/ (\S+)/.exec(line);
    if (base !== undefined && person !== null)
      return { base, name: person[1] as string, password: person[2] as string };
  }
  throw new Error("npm start ended without an address");
}
