import type { FileHandle } from "node:fs/promises";
import { SaxesParser } from "saxes";
import { type ElementHandler, isKeptKey, type Member, type MemberType, NO_TAGS } from "./elements.ts";
import { ExtractError } from "./extract-error.ts";
import { RELATION_MAX_MEMBERS, WAY_MAX_NODES } from "./limits.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads an .osm (OSM XML 0.6, https://wiki.openstreetmap.org/wiki/OSM_XML) from its first byte to its last.
 * @throws ExtractError EXTRACT_TRUNCATED when the file ends inside an element, EXTRACT_BROKEN when it is not OSM XML.
 */
export async function readXml(
  file: FileHandle,
  handler: ElementHandler,
  onBytes: (bytes: Uint8Array) => void,
): Promise<void> {
  const elements = new XmlElements(handler);
  const parser = new SaxesParser({ position: false, xmlns: false });
  parser.on("opentag", (tag) => elements.open(tag.name, tag.attributes as Attributes));
  parser.on("closetag", (tag) => elements.close(tag.name));
  parser.on("error", (error) => {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `The extract is not well-formed XML (${error.message.slice(0, 200)}); download it again`,
    );
  });
  const decoder = new TextDecoder("utf-8");
  const bytes = new Uint8Array(CHUNK_BYTES);
  let offset = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    const chunk = bytes.subarray(0, bytesRead);
    onBytes(chunk);
    parser.write(decoder.decode(chunk, { stream: true }));
  }
  if (!elements.isClosed()) {
    throw new ExtractError(
      elements.isOpen() ? "EXTRACT_TRUNCATED" : "EXTRACT_BROKEN",
      elements.isOpen()
        ? `The extract ends at byte ${offset} before </osm>; download it again`
        : "The file holds no <osm> element; give an .osm or .osm.pbf extract",
    );
  }
  parser.write(decoder.decode()).close();
}

type Attributes = Record<string, string>;

class XmlElements {
  readonly #handler: ElementHandler;
  #depth = 0;
  #closed = false;
  #kind: MemberType | undefined;
  #id = 0;
  #lng7 = 0;
  #lat7 = 0;
  #tags: Map<string, string> | undefined;
  #refs: number[] = [];
  #members: Member[] = [];

  constructor(handler: ElementHandler) {
    this.#handler = handler;
  }

  isOpen(): boolean {
    return this.#depth > 0;
  }

  isClosed(): boolean {
    return this.#closed;
  }

  open(name: string, attributes: Attributes): void {
    this.#depth++;
    if (this.#depth === 1) {
      if (name !== "osm") throw new ExtractError("EXTRACT_BROKEN", `The file is <${name.slice(0, 60)}>, not <osm>`);
      const copyright = attributes.copyright;
      if (copyright) this.#handler.copyright(copyright);
      return;
    }
    if (this.#depth === 2) {
      if (name === "node" || name === "way" || name === "relation") this.#begin(name, attributes);
      return;
    }
    if (this.#depth !== 3 || this.#kind === undefined) return;
    if (name === "tag") this.#tag(attributes);
    else if (name === "nd" && this.#kind === "way") {
      this.#refs.push(wholeNumber(attributes, "ref", "nd"));
      if (this.#refs.length > WAY_MAX_NODES) throw tooMany(`Way ${this.#id}`, "nodes", WAY_MAX_NODES);
    } else if (name === "member" && this.#kind === "relation") this.#member(attributes);
  }

  close(name: string): void {
    this.#depth--;
    if (this.#depth === 0) this.#closed = true;
    if (this.#depth !== 1 || this.#kind !== name) return;
    const tags = this.#tags ?? NO_TAGS;
    if (this.#kind === "node") this.#handler.node(this.#id, this.#lng7, this.#lat7, tags);
    else if (this.#kind === "way") this.#handler.way(this.#id, this.#refs, tags);
    else if (tags.has("type")) this.#handler.relation(this.#id, this.#members, tags);
    this.#kind = undefined;
  }

  #begin(kind: MemberType, attributes: Attributes): void {
    // Editors mark what they are about to delete; such an element may have no position.
    if (attributes.action === "delete" || attributes.visible === "false") return;
    this.#kind = kind;
    this.#id = wholeNumber(attributes, "id", kind);
    this.#tags = undefined;
    this.#refs = [];
    this.#members = [];
    if (kind === "node") {
      this.#lng7 = degrees7(attributes, "lon", this.#id);
      this.#lat7 = degrees7(attributes, "lat", this.#id);
    }
  }

  #tag(attributes: Attributes): void {
    const key = attributes.k;
    const value = attributes.v;
    if (key === undefined || value === undefined || !isKeptKey(key)) return;
    this.#tags ??= new Map();
    this.#tags.set(key, value);
  }

  #member(attributes: Attributes): void {
    const type = attributes.type;
    if (type !== "node" && type !== "way" && type !== "relation") return;
    this.#members.push({ type, ref: wholeNumber(attributes, "ref", "member"), role: attributes.role ?? "" });
    if (this.#members.length > RELATION_MAX_MEMBERS) {
      throw tooMany(`Relation ${this.#id}`, "members", RELATION_MAX_MEMBERS);
    }
  }
}

function wholeNumber(attributes: Attributes, name: string, element: string): number {
  const text = attributes[name] ?? "";
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value)) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `<${element}> has ${name}="${text.slice(0, 60)}"; a whole number is needed`,
    );
  }
  return value;
}

function degrees7(attributes: Attributes, name: string, id: number): number {
  const text = attributes[name] ?? "";
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) {
    throw new ExtractError("EXTRACT_BROKEN", `Node ${id} has ${name}="${text.slice(0, 60)}"; degrees are needed`);
  }
  return Math.round(value * 1e7);
}

function tooMany(what: string, of: string, limit: number): ExtractError {
  return new ExtractError("EXTRACT_BROKEN", `${what} has more than ${limit} ${of}`);
}
