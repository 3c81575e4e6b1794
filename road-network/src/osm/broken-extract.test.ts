import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mulberry32, randomExtract } from "../testing/small-extract.ts";
import { writeBlob, writePbf } from "../testing/write-pbf.ts";
import { writeXml } from "../testing/write-xml.ts";
import { ElementCollector } from "./collect-elements.ts";
import { ExtractError } from "./extract-error.ts";
import { readExtract } from "./read-extract.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-broken-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The code of the refusal, or "read". Anything but an ExtractError is thrown on. */
async function outcome(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, "extract");
  await writeFile(path, bytes);
  const collector = new ElementCollector();
  try {
    await readExtract(path, collector);
    collector.finish();
    return "read";
  } catch (error) {
    if (!(error instanceof ExtractError)) throw error;
    expect(error.message).toContain(path);
    return error.code;
  }
}

describe("refusals", () => {
  it("a missing file and a folder", async () => {
    for (const path of [join(folder, "nowhere.osm.pbf"), folder]) {
      await expect(readExtract(path, new ElementCollector())).rejects.toMatchObject({ code: "EXTRACT_NOT_FOUND" });
    }
  });

  it("an empty file", async () => {
    expect(await outcome("")).toBe("EXTRACT_EMPTY");
  });

  it("garbage, HTML, another XML, and XML that is not well-formed", async () => {
    const random = mulberry32(5);
    expect(await outcome(Uint8Array.from({ length: 5000 }, () => random() * 256))).toBe("EXTRACT_BROKEN");
    expect(await outcome("<!DOCTYPE html><html><body>404</body></html>")).toBe("EXTRACT_BROKEN");
    expect(await outcome('<gpx version="1.1"/>')).toBe("EXTRACT_BROKEN");
    expect(await outcome('<osm><node id="1" lat="1" lon="2"></osm>')).toBe("EXTRACT_BROKEN");
    expect(await outcome('<osm><node id="x" lat="1" lon="2"/></osm>')).toBe("EXTRACT_BROKEN");
    expect(await outcome('<osm><node id="1" lat="" lon="2"/></osm>')).toBe("EXTRACT_BROKEN");
    expect(await outcome('<osm><node id="1" lat="1" lon="200"/></osm>')).toBe("EXTRACT_BROKEN");
    expect(await outcome("\n <osm/>")).toBe("read");
  });

  it("XML entities that grow are not grown", async () => {
    const bomb = `<!DOCTYPE osm [<!ENTITY a "${"x".repeat(1000)}"><!ENTITY b "&a;&a;&a;">]><osm generator="&b;"/>`;
    expect(await outcome(bomb)).toBe("EXTRACT_BROKEN");
  });

  it("a required feature that is not known", async () => {
    const history = writePbf(randomExtract(1), { requiredFeatures: ["OsmSchema-V0.6", "HistoricalInformation"] });
    expect(await outcome(history)).toBe("EXTRACT_BROKEN");
  });

  it("a block that unpacks to more than it claims, or claims more than is allowed", async () => {
    const zeros = new Uint8Array(64 * 1024 * 1024);
    const header = writePbf({ nodes: [], ways: [] });
    expect(await outcome(Buffer.concat([header, writeBlob("OSMData", zeros, true, 1000)]))).toBe("EXTRACT_BROKEN");
    expect(await outcome(Buffer.concat([header, writeBlob("OSMData", zeros, true)]))).toBe("EXTRACT_BROKEN");
  });

  it("a list that claims to go on beyond its block", async () => {
    // StringTable, then a group whose dense nodes claim 2^31 bytes.
    const forged = Uint8Array.from([0x0a, 0x00, 0x12, 0x08, 0x12, 0x06, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]);
    const header = writePbf({ nodes: [], ways: [] });
    expect(await outcome(Buffer.concat([header, writeBlob("OSMData", forged, true)]))).toBe("EXTRACT_BROKEN");
  });
});

it("a PBF cut at any byte is truncated, or whole where the cut falls between blocks", async () => {
  const bytes = writePbf(randomExtract(2, 8));
  const codes = new Map<string, number>();
  for (let length = 1; length < bytes.length; length++) {
    const code = await outcome(bytes.subarray(0, length));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].sort()).toEqual(["EXTRACT_TRUNCATED", "read"]);
  // Four blocks have three borders between them.
  expect(codes.get("read")).toBe(3);
});

it("an XML cut at any byte is truncated", async () => {
  const text = writeXml(randomExtract(3, 3)).trimEnd();
  const start = text.indexOf("<osm");
  for (let length = text.indexOf(">", start) + 1; length < text.length; length++) {
    expect(await outcome(text.slice(0, length)), `cut at ${length}`).toBe("EXTRACT_TRUNCATED");
  }
});

const FUZZ_SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);

it("bytes changed at random are read or refused, never a fault, and memory stays bounded", async () => {
  const before = process.memoryUsage().rss;
  for (const seed of FUZZ_SEEDS) {
    const random = mulberry32(seed);
    const raw = seed % 2 === 0;
    const bytes = Buffer.from(writePbf(randomExtract(seed, 16), { zlib: !raw, dense: seed % 3 !== 0 }));
    for (let i = 1 + Math.floor(random() * 4); i > 0; i--) {
      bytes[Math.floor(random() * bytes.length)] = random() < 0.3 ? 0xff : Math.floor(random() * 256);
    }
    await outcome(bytes).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
});

it("the same for XML", async () => {
  for (const seed of FUZZ_SEEDS) {
    const random = mulberry32(seed);
    const bytes = Buffer.from(writeXml(randomExtract(seed, 8)));
    for (let i = 1 + Math.floor(random() * 3); i > 0; i--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    await outcome(bytes).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
});
