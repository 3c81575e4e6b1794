import { GrowableFloat64, GrowableInt32 } from "../storage/growable.ts";
import type { ElementHandler, Member, Tags } from "./elements.ts";
import { ExtractError } from "./extract-error.ts";
import { EXTRACT_MAX_NODES, EXTRACT_MAX_WAY_REFS } from "./limits.ts";

export interface OsmWay {
  readonly id: number;
  readonly tags: Tags;
  /** The way's nodes are `refs[start..end)`. */
  readonly start: number;
  readonly end: number;
}

export interface OsmRelation {
  readonly id: number;
  readonly tags: Tags;
  readonly members: readonly Member[];
}

/** An extract in memory: nodes and references in columns, ways and relations as records. */
export interface Elements {
  readonly nodeCount: number;
  readonly nodeIds: Float64Array;
  readonly lng7: Int32Array;
  readonly lat7: Int32Array;
  /** By position in the columns, not by id. */
  readonly nodeTags: ReadonlyMap<number, Tags>;
  readonly ways: readonly OsmWay[];
  /** Positions in the node columns, −1 for a node that the extract lacks. */
  readonly refs: Int32Array;
  readonly relations: readonly OsmRelation[];
  readonly copyright: string | undefined;
}

/** Takes the elements in any order; references are resolved at the end. */
export class ElementCollector implements ElementHandler {
  readonly #ids = new GrowableFloat64(1 << 16);
  readonly #lng7 = new GrowableInt32(1 << 16);
  readonly #lat7 = new GrowableInt32(1 << 16);
  readonly #nodeTags = new Map<number, Tags>();
  readonly #ways: OsmWay[] = [];
  readonly #refs = new GrowableFloat64(1 << 16);
  readonly #relations: OsmRelation[] = [];
  #copyright: string | undefined;
  #ascending = true;

  node(id: number, lng7: number, lat7: number, tags: Tags): void {
    if (Math.abs(lng7) > 1_800_000_000 || Math.abs(lat7) > 900_000_000) {
      throw new ExtractError(
        "EXTRACT_BROKEN",
        `Node ${id} lies at ${lng7 / 1e7}, ${lat7 / 1e7}, which is not on Earth`,
      );
    }
    const count = this.#ids.length;
    if (count >= EXTRACT_MAX_NODES) {
      throw new ExtractError(
        "EXTRACT_TOO_LARGE",
        `The extract has more than ${EXTRACT_MAX_NODES} nodes; cut it to your district, for instance with osmium extract`,
      );
    }
    if (count > 0 && id <= this.#ids.at(count - 1)) this.#ascending = false;
    this.#ids.push(id);
    this.#lng7.push(lng7);
    this.#lat7.push(lat7);
    if (tags.size > 0) this.#nodeTags.set(count, tags);
  }

  way(id: number, nodeIds: readonly number[], tags: Tags): void {
    const start = this.#refs.length;
    if (start + nodeIds.length > EXTRACT_MAX_WAY_REFS) {
      throw new ExtractError(
        "EXTRACT_TOO_LARGE",
        `The extract's ways have more than ${EXTRACT_MAX_WAY_REFS} points; cut it to your district, for instance with osmium extract`,
      );
    }
    for (const nodeId of nodeIds) this.#refs.push(nodeId);
    this.#ways.push({ id, tags, start, end: this.#refs.length });
  }

  relation(id: number, members: readonly Member[], tags: Tags): void {
    this.#relations.push({ id, members, tags });
  }

  copyright(text: string): void {
    this.#copyright = text.slice(0, 200);
  }

  finish(): Elements {
    const nodeIds = this.#ids.toArray();
    return {
      nodeCount: nodeIds.length,
      nodeIds,
      lng7: this.#lng7.toArray(),
      lat7: this.#lat7.toArray(),
      nodeTags: this.#nodeTags,
      ways: this.#ways,
      refs: resolve(this.#refs.toArray(), createNodeLookup(nodeIds, this.#ascending)),
      relations: this.#relations,
      copyright: this.#copyright,
    };
  }
}

/** Finds a node's position by its id, −1 where there is none. Where an id occurs twice, the later one counts. */
export function createNodeLookup(nodeIds: Float64Array, ascending: boolean): (id: number) => number {
  if (ascending) return (id) => search(nodeIds, id);
  const order = Uint32Array.from(nodeIds.keys()).sort(
    (a, b) => (nodeIds[a] as number) - (nodeIds[b] as number) || b - a,
  );
  const sorted = Float64Array.from(order, (position) => nodeIds[position] as number);
  return (id) => {
    const found = search(sorted, id);
    return found < 0 ? -1 : (order[found] as number);
  };
}

/** Position of the first equal value, or −1. */
function search(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low] === value ? low : -1;
}

function resolve(ids: Float64Array, find: (id: number) => number): Int32Array {
  const positions = new Int32Array(ids.length);
  for (let i = 0; i < ids.length; i++) positions[i] = find(ids[i] as number);
  return positions;
}
