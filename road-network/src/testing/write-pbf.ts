import { deflateSync } from "node:zlib";
import { PbfWriter } from "pbf";
import type { SmallExtract } from "./small-extract.ts";

export interface PbfForm {
  readonly dense?: boolean;
  readonly zlib?: boolean;
  /** Nanodegrees a unit; OSM's precision needs a divisor of 100. */
  readonly granularity?: number;
  readonly latOffset?: number;
  readonly lngOffset?: number;
  readonly requiredFeatures?: readonly string[];
}

/** Writes an extract as .osm.pbf: one header block, then one block each for nodes, ways and relations. */
export function writePbf(extract: SmallExtract, form: PbfForm = {}): Buffer {
  const header = new PbfWriter();
  for (const feature of form.requiredFeatures ?? ["OsmSchema-V0.6", "DenseNodes"]) header.writeStringField(4, feature);
  return Buffer.concat([
    writeBlob("OSMHeader", header.finish(), form.zlib ?? true),
    writeBlob(
      "OSMData",
      writeBlock(form, (group, strings) => writeNodes(extract, form, group, strings)),
      form.zlib ?? true,
    ),
    writeBlob(
      "OSMData",
      writeBlock(form, (group, strings) => writeWays(extract, group, strings)),
      form.zlib ?? true,
    ),
    writeBlob(
      "OSMData",
      writeBlock(form, (group, strings) => writeRelations(extract, group, strings)),
      form.zlib ?? true,
    ),
  ]);
}

export function writeBlob(type: string, data: Uint8Array, zlib: boolean, claimedBytes = data.length): Buffer {
  const blob = new PbfWriter();
  if (zlib) {
    blob.writeVarintField(2, claimedBytes);
    blob.writeBytesField(3, deflateSync(data));
  } else blob.writeBytesField(1, data);
  const body = blob.finish();
  const header = new PbfWriter();
  header.writeStringField(1, type);
  header.writeVarintField(3, body.length);
  const head = header.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, body]);
}

class Strings {
  readonly list: string[] = [""];

  at(text: string): number {
    const known = this.list.indexOf(text, 1);
    return known > 0 ? known : this.list.push(text) - 1;
  }
}

function writeBlock(form: PbfForm, write: (group: PbfWriter, strings: Strings) => void): Uint8Array {
  const strings = new Strings();
  const group = new PbfWriter();
  write(group, strings);
  const table = new PbfWriter();
  for (const text of strings.list) table.writeStringField(1, text);
  const block = new PbfWriter();
  block.writeBytesField(1, table.finish());
  block.writeBytesField(2, group.finish());
  block.writeVarintField(17, form.granularity ?? 100);
  block.writeVarintField(19, form.latOffset ?? 0);
  block.writeVarintField(20, form.lngOffset ?? 0);
  return block.finish();
}

function writeNodes({ nodes }: SmallExtract, form: PbfForm, group: PbfWriter, strings: Strings): void {
  const unit = (degrees: number, offset: number) =>
    Math.round((Math.round(degrees * 1e7) * 100 - offset) / (form.granularity ?? 100));
  const lats = nodes.map(({ lat }) => unit(lat, form.latOffset ?? 0));
  const lngs = nodes.map(({ lng }) => unit(lng, form.lngOffset ?? 0));
  if (form.dense ?? true) {
    const dense = new PbfWriter();
    dense.writePackedSVarint(1, deltas(nodes.map(({ id }) => id)));
    dense.writePackedSVarint(8, deltas(lats));
    dense.writePackedSVarint(9, deltas(lngs));
    dense.writePackedVarint(
      10,
      nodes.flatMap(({ tags = {} }) => [
        ...Object.entries(tags).flatMap(([k, v]) => [strings.at(k), strings.at(v)]),
        0,
      ]),
    );
    group.writeBytesField(2, dense.finish());
    return;
  }
  for (const [i, { id, tags = {} }] of nodes.entries()) {
    const node = new PbfWriter();
    node.writeSVarintField(1, id);
    writeTags(node, tags, strings);
    node.writeSVarintField(8, lats[i] ?? 0);
    node.writeSVarintField(9, lngs[i] ?? 0);
    group.writeBytesField(1, node.finish());
  }
}

function writeWays({ ways }: SmallExtract, group: PbfWriter, strings: Strings): void {
  for (const { id, nodes, tags = {} } of ways) {
    const way = new PbfWriter();
    way.writeVarintField(1, id);
    writeTags(way, tags, strings);
    way.writePackedSVarint(8, deltas(nodes));
    group.writeBytesField(3, way.finish());
  }
}

function writeRelations({ relations = [] }: SmallExtract, group: PbfWriter, strings: Strings): void {
  for (const { id, members, tags } of relations) {
    const relation = new PbfWriter();
    relation.writeVarintField(1, id);
    writeTags(relation, tags, strings);
    relation.writePackedVarint(
      8,
      members.map(({ role }) => strings.at(role)),
    );
    relation.writePackedSVarint(9, deltas(members.map(({ ref }) => ref)));
    relation.writePackedVarint(
      10,
      members.map(({ type }) => ["node", "way", "relation"].indexOf(type)),
    );
    group.writeBytesField(4, relation.finish());
  }
}

function writeTags(element: PbfWriter, tags: Record<string, string>, strings: Strings): void {
  element.writePackedVarint(
    2,
    Object.keys(tags).map((key) => strings.at(key)),
  );
  element.writePackedVarint(
    3,
    Object.values(tags).map((value) => strings.at(value)),
  );
}

function deltas(values: readonly number[]): number[] {
  return values.map((value, i) => value - (values[i - 1] ?? 0));
}
