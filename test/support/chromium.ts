import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { root } from "./process.ts";

/** Debian's Chromium; software GL, no sandbox (tests may run as root), nothing of its own on the network. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.WUFEN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      ...["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
    ],
  });
}

/** What a page did that a desk must not: errors on its console, requests to another origin, refusals of the content policy. */
export class Watch {
  readonly errors: string[] = [];
  readonly foreign: string[] = [];

  constructor(context: BrowserContext, base: string) {
    context.on("weberror", (error) => this.errors.push(String(error.error())));
    context.on("console", (message) => {
      // Before the sign-in the page asks who is signed in, and is told: nobody.
      const isNobody = message.text().includes("401") && message.location().url.endsWith("/api/session");
      if (message.type() === "error" && !isNobody) this.errors.push(message.text());
    });
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== base) this.foreign.push(request.url());
    });
  }
}

export async function signIn(page: Page, base: string, name: string, password: string): Promise<void> {
  await page.goto(base);
  await page.locator("input[name=name]").fill(name);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForFunction(
    () => (globalThis as { __wufen?: { ready: boolean } }).__wufen?.ready === true,
    undefined,
    {
      timeout: 60_000,
    },
  );
}

/** Where pictures go: a folder that is not kept, or the documents' own where WUFEN_PICTURES=docs asks for new ones. */
export function picturePath(name: string): string {
  const folder = join(root, process.env.WUFEN_PICTURES === "docs" ? "docs/pictures" : "test-results");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}
