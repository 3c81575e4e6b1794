import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hasSharedData, sharedExtract, WITHOUT_SHARED_DATA } from "../testing/shared-data.ts";
import { randomExtract, type SmallExtract } from "../testing/small-extract.ts";
import { type PbfForm, writePbf } from "../testing/write-pbf.ts";
import { writeXml } from "../testing/write-xml.ts";
import { ElementCollector, type Elements } from "./collect-elements.ts";
import { isKeptKey } from "./elements.ts";
import { readExtract } from "./read-extract.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wufen-read-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function readBytes(bytes: Uint8Array | string): Promise<Elements> {
  const path = join(folder, "extract");
  await writeFile(path, bytes);
  const collector = new ElementCollector();
  await readExtract(path, collector);
  return collector.finish();
}

/** What should come out, made without either reader. */
function expected({ nodes, ways, relations = [] }: SmallExtract) {
  const kept = (tags: Record<string, string> = {}) =>
    Object.entries(tags)
      .filter(([key]) => isKeptKey(key))
      .sort();
  return {
    nodes: nodes.map(({ id, lng, lat, tags }) => [id, Math.round(lng * 1e7), Math.round(lat * 1e7), kept(tags)]),
    ways: ways.map(({ id, nodes: refs, tags }) => [
      id,
      refs.map((ref) => nodes.findLastIndex((node) => node.id === ref)),
      kept(tags),
    ]),
    relations: relations.map(({ id, members, tags }) => [id, members, kept(tags)]),
  };
}

function found(elements: Elements) {
  return {
    nodes: Array.from(elements.nodeIds, (id, i) => [
      id,
      elements.lng7[i],
      elements.lat7[i],
      [...(elements.nodeTags.get(i) ?? [])].sort(),
    ]),
    ways: elements.ways.map(({ id, start, end, tags }) => [id, [...elements.refs.slice(start, end)], [...tags].sort()]),
    relations: elements.relations.map(({ id, members, tags }) => [id, members, [...tags].sort()]),
  };
}

const FORMS: readonly PbfForm[] = [
  {},
  { dense: false },
  { zlib: false },
  { granularity: 50, latOffset: 1_000_000_000, lngOffset: -2_000_000_000 },
];

it("the same elements come out of XML and of every form of PBF, in order, with their tags", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const extract = randomExtract(seed);
    const wanted = expected(extract);
    expect(found(await readBytes(writeXml(extract))), `XML, seed ${seed}`).toEqual(wanted);
    for (const form of FORMS) {
      expect(found(await readBytes(writePbf(extract, form))), `${JSON.stringify(form)}, seed ${seed}`).toEqual(wanted);
    }
  }
});

it("XML: deleted elements are left out and the file's own copyright is kept", async () => {
  const elements = await readBytes(
    '<osm version="0.6" copyright="A district"><node id="1" lat="1" lon="2"/><node id="2" action="delete"/>' +
      '<node id="3" visible="false" lat="1" lon="2"/><way id="9" visible="false"><nd ref="1"/></way></osm>',
  );
  expect([...elements.nodeIds]).toEqual([1]);
  expect(elements.ways).toEqual([]);
  expect(elements.copyright).toBe("A district");
});

// Streets: motorway to service, as the table of the data's sources counts them.
const STREETS =
  /^(motorway|trunk|primary|secondary|tertiary)(_link)?$|^(unclassified|residential|living_street|service|road)$/;

it.skipIf(!hasSharedData).each([
  ["jinan.osm.pbf", 18_118, 40_736, 0],
  ["chengdu-wuhou.osm", 852, 1_712, 46],
  ["shanghai-center.osm", 796, 2_458, 288],
  ["heidelberg.osm.pbf", 11_028, 62_931, 534],
  ["liechtenstein.osm.pbf", 2_388, 16_912, 8],
])(`%s has %i road ways, %i road nodes and %i signals${WITHOUT_SHARED_DATA}`, async (name, ways, nodes, signals) => {
  const collector = new ElementCollector();
  await readExtract(sharedExtract(name), collector);
  const elements = collector.finish();
  const streets = elements.ways.filter(({ tags }) => STREETS.test(tags.get("highway") ?? ""));
  const used = new Set(streets.flatMap(({ start, end }) => [...elements.refs.slice(start, end)]));
  const lights = [...elements.nodeTags.values()].filter((tags) => tags.get("highway") === "traffic_signals");
  expect([streets.length, used.size, lights.length]).toEqual([ways, nodes, signals]);
});
