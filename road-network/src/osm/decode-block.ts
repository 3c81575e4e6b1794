import type { BoundedPbf } from "./bounded-pbf.ts";
import { type ElementHandler, isKeptKey, type Member, type MemberType, NO_TAGS, type Tags } from "./elements.ts";
import { ExtractError } from "./extract-error.ts";
import { RELATION_MAX_MEMBERS, WAY_MAX_NODES } from "./limits.ts";

interface Block {
  readonly strings: StringTable;
  readonly granularity: number;
  readonly latOffset: number;
  readonly lngOffset: number;
}

const MEMBER_TYPES: readonly MemberType[] = ["node", "way", "relation"];

/** Hands every element of one PrimitiveBlock to the handler. Field numbers: osmformat.proto of the OSM-binary project. */
export function decodeBlock(pbf: BoundedPbf, handler: ElementHandler): void {
  const strings = new StringTable();
  const header = { granularity: 100, latOffset: 0, lngOffset: 0 };
  const groups: number[] = [];
  while (pbf.pos < pbf.length) {
    const field = pbf.nextField();
    if (field === 0) break;
    if (field === 1) strings.read(pbf);
    else if (field === 2) {
      groups.push(pbf.pos);
      pbf.skip(pbf.type);
    } else if (field === 17) header.granularity = pbf.readVarint();
    else if (field === 19) header.latOffset = pbf.readVarint(true);
    else if (field === 20) header.lngOffset = pbf.readVarint(true);
    else pbf.skip(pbf.type);
  }
  const block: Block = { strings, ...header };
  // The string table and the offsets may follow the groups in the bytes, so groups are decoded last.
  for (const position of groups) {
    pbf.pos = position;
    decodeGroup(pbf, block, handler);
  }
}

function decodeGroup(pbf: BoundedPbf, block: Block, handler: ElementHandler): void {
  const end = pbf.readMessageEnd();
  while (pbf.pos < end) {
    const field = pbf.nextField(end);
    if (field === 0) break;
    if (field === 1) decodeNode(pbf, block, handler);
    else if (field === 2) decodeDenseNodes(pbf, block, handler);
    else if (field === 3) decodeWay(pbf, block, handler);
    else if (field === 4) decodeRelation(pbf, block, handler);
    else pbf.skip(pbf.type);
  }
}

function decodeNode(pbf: BoundedPbf, block: Block, handler: ElementHandler): void {
  let id = 0;
  let lat = 0;
  let lng = 0;
  const keys: number[] = [];
  const values: number[] = [];
  eachField(pbf, (field) => {
    if (field === 1) id = pbf.readSVarint();
    else if (field === 2) pbf.readPackedVarint(keys);
    else if (field === 3) pbf.readPackedVarint(values);
    else if (field === 8) lat = pbf.readSVarint();
    else if (field === 9) lng = pbf.readSVarint();
    else pbf.skip(pbf.type);
  });
  handler.node(id, toLng7(block, lng), toLat7(block, lat), tagsOf(block, keys, values));
}

function decodeDenseNodes(pbf: BoundedPbf, block: Block, handler: ElementHandler): void {
  const ids: number[] = [];
  const lats: number[] = [];
  const lngs: number[] = [];
  const keysAndValues: number[] = [];
  eachField(pbf, (field) => {
    if (field === 1) pbf.readPackedSVarint(ids);
    else if (field === 8) pbf.readPackedSVarint(lats);
    else if (field === 9) pbf.readPackedSVarint(lngs);
    else if (field === 10) pbf.readPackedVarint(keysAndValues);
    else pbf.skip(pbf.type);
  });
  if (lats.length !== ids.length || lngs.length !== ids.length) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `A block lists ${ids.length} nodes with ${lats.length} latitudes and ${lngs.length} longitudes; download the extract again`,
    );
  }
  let id = 0;
  let lat = 0;
  let lng = 0;
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    id += ids[i] ?? 0;
    lat += lats[i] ?? 0;
    lng += lngs[i] ?? 0;
    let tags: Map<string, string> | undefined;
    while (at < keysAndValues.length) {
      const key = keysAndValues[at++] ?? 0;
      if (key === 0) break;
      const value = keysAndValues[at++] ?? 0;
      if (block.strings.isKept(key)) {
        tags ??= new Map();
        tags.set(block.strings.text(key), block.strings.text(value));
      }
    }
    handler.node(id, toLng7(block, lng), toLat7(block, lat), tags ?? NO_TAGS);
  }
}

function decodeWay(pbf: BoundedPbf, block: Block, handler: ElementHandler): void {
  let id = 0;
  const keys: number[] = [];
  const values: number[] = [];
  const refs: number[] = [];
  eachField(pbf, (field) => {
    if (field === 1) id = pbf.readVarint(true);
    else if (field === 2) pbf.readPackedVarint(keys);
    else if (field === 3) pbf.readPackedVarint(values);
    else if (field === 8) pbf.readPackedSVarint(refs);
    else pbf.skip(pbf.type);
  });
  if (refs.length > WAY_MAX_NODES) {
    throw new ExtractError("EXTRACT_BROKEN", `Way ${id} has ${refs.length} nodes (${WAY_MAX_NODES} allowed)`);
  }
  let ref = 0;
  for (let i = 0; i < refs.length; i++) {
    ref += refs[i] ?? 0;
    refs[i] = ref;
  }
  handler.way(id, refs, tagsOf(block, keys, values));
}

function decodeRelation(pbf: BoundedPbf, block: Block, handler: ElementHandler): void {
  let id = 0;
  const keys: number[] = [];
  const values: number[] = [];
  const roles: number[] = [];
  const refs: number[] = [];
  const types: number[] = [];
  eachField(pbf, (field) => {
    if (field === 1) id = pbf.readVarint(true);
    else if (field === 2) pbf.readPackedVarint(keys);
    else if (field === 3) pbf.readPackedVarint(values);
    else if (field === 8) pbf.readPackedVarint(roles);
    else if (field === 9) pbf.readPackedSVarint(refs);
    else if (field === 10) pbf.readPackedVarint(types);
    else pbf.skip(pbf.type);
  });
  if (refs.length !== types.length || refs.length !== roles.length || refs.length > RELATION_MAX_MEMBERS) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `Relation ${id} lists ${refs.length} members, ${types.length} types and ${roles.length} roles (equal and at most ${RELATION_MAX_MEMBERS} expected); download the extract again`,
    );
  }
  const tags = tagsOf(block, keys, values);
  if (!tags.has("type")) return;
  const members: Member[] = [];
  let ref = 0;
  for (let i = 0; i < refs.length; i++) {
    ref += refs[i] ?? 0;
    const type = MEMBER_TYPES[types[i] ?? -1];
    if (type) members.push({ type, ref, role: block.strings.text(roles[i] ?? 0) });
  }
  handler.relation(id, members, tags);
}

function eachField(pbf: BoundedPbf, read: (field: number) => void): void {
  const end = pbf.readMessageEnd();
  while (pbf.pos < end) {
    const field = pbf.nextField(end);
    if (field === 0) break;
    read(field);
  }
}

function tagsOf(block: Block, keys: readonly number[], values: readonly number[]): Tags {
  let tags: Map<string, string> | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    if (!block.strings.isKept(key)) continue;
    tags ??= new Map();
    tags.set(block.strings.text(key), block.strings.text(values[i] ?? 0));
  }
  return tags ?? NO_TAGS;
}

// The file's unit is the nanodegree; OSM's own precision is 1e-7 degrees.
function toLat7(block: Block, value: number): number {
  return Math.round((block.latOffset + block.granularity * value) / 100);
}

function toLng7(block: Block, value: number): number {
  return Math.round((block.lngOffset + block.granularity * value) / 100);
}

/** Strings of a block, decoded when they are first asked for: most belong to tags that are dropped. */
class StringTable {
  readonly #bytes: Uint8Array[] = [];
  readonly #texts: (string | undefined)[] = [];
  readonly #kept: (boolean | undefined)[] = [];

  read(pbf: BoundedPbf): void {
    const end = pbf.readMessageEnd();
    while (pbf.pos < end) {
      const field = pbf.nextField(end);
      if (field === 0) break;
      if (field === 1) this.#bytes.push(pbf.readBytes());
      else pbf.skip(pbf.type);
    }
  }

  text(index: number): string {
    const known = this.#texts[index];
    if (known !== undefined) return known;
    const bytes = this.#bytes[index];
    if (!bytes) {
      throw new ExtractError(
        "EXTRACT_BROKEN",
        `A block names string ${index} of ${this.#bytes.length}; download the extract again`,
      );
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    this.#texts[index] = text;
    return text;
  }

  isKept(index: number): boolean {
    let kept = this.#kept[index];
    if (kept === undefined) {
      kept = isKeptKey(this.text(index));
      this.#kept[index] = kept;
    }
    return kept;
  }
}
