import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CLIENT = fileURLToPath(new URL("../", import.meta.url));

/** Hosts that stand in the build as text and are never asked for: names of XML namespaces, addresses in messages and licences. */
const WRITTEN_ONLY = new Map([
  ["www.w3.org", "namespaces of SVG and HTML"],
  ["svelte.dev", "explanations of Svelte's errors"],
  ["github.com", "licences"],
  ["maplibre.org", "messages of MapLibre"],
  ["en.wikipedia.org", "sources of formulas"],
  ["wiki.openstreetmap.org", "messages of MapLibre"],
  ["maplibre.invalid", "a name that cannot exist, to resolve relative addresses against"],
  ["unpkg.com", "loaders.gl inside deck.gl: workers for data files, which the desk never loads"],
]);

let folder = "";
const texts = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-map-client-"));
  await build({
    root: CLIENT,
    configFile: join(CLIENT, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  for (const name of await readdir(folder, { recursive: true })) {
    if (/\.(m?js|css|html)$/.test(name)) texts.set(name, await readFile(join(folder, name), "utf8"));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the built desk", () => {
  it("names no outside host but those that are written only", () => {
    const unknown = [...texts].flatMap(([name, text]) =>
      [...text.matchAll(/(?:https?|wss?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)/gi)]
        .map((match) => match[1]!.toLowerCase())
        .filter((host) => !WRITTEN_ONLY.has(host))
        .map((host) => `${name}: ${host}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("its page and styles keep the content security policy: nothing inline, no data: fonts", () => {
    const page = texts.get("index.html") ?? "";
    expect(page).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son[a-z]+=/i);
    for (const [name, text] of texts) {
      if (name.endsWith(".css")) expect(text, name).not.toMatch(/@import|url\(["']?(data:font|https?:)/);
    }
  });

  it("signing in loads neither the map nor the registry nor the help", () => {
    const page = texts.get("index.html") ?? "";
    const entry = /src="\/(assets\/index-[^"]+\.js)"/.exec(page)?.[1] ?? "";
    const size = texts.get(entry)?.length ?? 0;
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThan(150_000);
    const names = [...texts.keys()].join(" ");
    for (const part of ["DeskPage", "RegistryPage", "HelpSheet", "CommandPalette", "feed-worker"]) {
      expect(names).toContain(`${part}-`);
    }
  });
});
