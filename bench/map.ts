import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import type { Line } from "./support/line.ts";

const UNITS = 20_000;
const UPDATES = 10;
const CLIENT = fileURLToPath(new URL("../map-client/", import.meta.url));
const CHROMIUM = process.env.WUFEN_CHROMIUM ?? "/usr/bin/chromium";
const MIME: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
};

/**
 * Main-thread time in Chromium of one update that moves 20,000 units with the frame that shows it, and the longest task, our layer
 * against MapLibre's GeoJSON `setData`; draw calls aside, the idle page subtracted. What our units need beside that has lines of
 * its own: one choice of labels (the product makes one a second), and one frame of gliding between two updates.
 */
export async function run(print: (line: Line) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "wufen-bench-map-"));
  const server = createServer();
  let browser: Browser | undefined;
  try {
    const input = join(CLIENT, "bench.html");
    await build({
      root: CLIENT,
      configFile: join(CLIENT, "vite.config.ts"),
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input } },
    });
    const address = await serve(server, folder);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
    });
    const own = await measure(browser, address, "own");
    const rival = await measure(browser, address, "rival");
    const lines = [
      { name: "map/update-20000", value: own.updateMs, rivalValue: rival.updateMs },
      { name: "map/longest-frame-20000", value: own.longestMs, rivalValue: rival.longestMs },
    ];
    for (const { name, value, rivalValue } of lines) {
      const ratio = round(rivalValue / Math.max(value, 0.01));
      print({ name, value: round(value), unit: "ms", rival: "maplibre-setData", rivalValue: round(rivalValue), ratio });
    }
    print({ name: "map/labels-20000", value: round(own.labelsMs), unit: "ms" });
    print({ name: "map/frame-20000", value: round(own.frameMs), unit: "ms" });
  } finally {
    await browser?.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

declare global {
  interface Window {
    /** Set by the page, map-client/src/bench/moving-units.ts. */
    movingUnits?: {
      open(way: "own" | "rival", count: number): Promise<void>;
      move(times: number): Promise<void>;
      glide(on: boolean): void;
      label(on: boolean): void;
      labelMs(): number;
      frames(): number;
    };
  }
}

async function measure(browser: Browser, address: string, way: "own" | "rival") {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(address);
  await page.waitForFunction(() => "movingUnits" in window);
  await page.evaluate(([name, count]) => window.movingUnits?.open(name, count), [way, UNITS] as const);
  // Before measuring, so that code is compiled and buffers have grown.
  await page.evaluate(() => window.movingUnits?.move(3));
  await page.evaluate(() => window.movingUnits?.glide(true));
  const gliding = way === "own" ? await trace(browser, page, 0) : undefined;
  await page.evaluate(() => window.movingUnits?.glide(false));
  await page.evaluate(() => window.movingUnits?.labelMs());
  const labelled = await trace(browser, page, UPDATES);
  const chooseMs = (await page.evaluate(() => window.movingUnits?.labelMs())) ?? 0;
  await page.evaluate(() => window.movingUnits?.label(false));
  const idle = await trace(browser, page, 0);
  const moved = await trace(browser, page, UPDATES);
  await page.close();
  const each = (ms: number, count: number) => (count === 0 ? 0 : Math.max(0, ms) / count);
  return {
    updateMs: each(moved.totalMs - idle.totalMs, UPDATES),
    // The choice itself, and what the frame after it has more to upload.
    labelsMs: Math.max(chooseMs, each(labelled.totalMs - moved.totalMs, UPDATES)),
    longestMs: Math.max(moved.longestMs, labelled.longestMs),
    frameMs: gliding === undefined ? 0 : each(gliding.totalMs - idle.totalMs, gliding.frames),
  };
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Processor time of the page's main thread: all tasks, and the longest one, over as many seconds as updates are measured. */
async function trace(browser: Browser, page: Page, updates: number) {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing", "__metadata"] });
  const before = await page.evaluate(() => window.movingUnits?.frames() ?? 0);
  await page.evaluate(() => performance.mark("wufen-begin"));
  if (updates > 0) await page.evaluate((times) => window.movingUnits?.move(times), updates);
  else await page.evaluate((seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)), UPDATES + 1);
  await page.evaluate(() => performance.mark("wufen-end"));
  const frames = (await page.evaluate(() => window.movingUnits?.frames() ?? 0)) - before;
  const text = (await browser.stopTracing()).toString("utf8");
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  const begin = traceEvents.find((event) => event.name === "wufen-begin");
  const end = traceEvents.find((event) => event.name === "wufen-end");
  if (begin === undefined || end === undefined)
    throw new Error("the browser's trace lacks the marks of the measurement");
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid, ts }) =>
      ph === "X" &&
      (name === "RunTask" || name.endsWith("ThreadControllerImpl::RunTask")) &&
      pid === begin.pid &&
      tid === begin.tid &&
      ts >= begin.ts &&
      ts <= end.ts,
  );
  if (tasks.length === 0) throw new Error("the browser's trace holds no tasks of the page's main thread");
  const lengthsMs = tasks.map((task) => (task.tdur ?? task.dur ?? 0) / 1000);
  return { totalMs: lengthsMs.reduce((sum, ms) => sum + ms, 0), longestMs: Math.max(...lengthsMs), frames };
}

function serve(server: Server, folder: string): Promise<string> {
  server.on("request", (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://bench").pathname);
    readFile(join(folder, path)).then(
      (bytes) => {
        response.setHeader("content-type", MIME[extname(path)] ?? "application/octet-stream");
        response.end(bytes);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/bench.html`);
    });
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
