import type { Member } from "../osm/elements.ts";

/** A small extract by hand, for tests: written as XML or PBF, or taken as it is. */
export interface SmallExtract {
  readonly nodes: readonly { id: number; lng: number; lat: number; tags?: Record<string, string> }[];
  readonly ways: readonly { id: number; nodes: readonly number[]; tags?: Record<string, string> }[];
  readonly relations?: readonly { id: number; members: readonly Member[]; tags: Record<string, string> }[];
}

/** Seeded generator of numbers in [0, 1). https://github.com/cprosche/mulberry32 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = ["primary", "yes", "no", "解放路", "Hauptstraße", "50", "-1", "a\"b<c>&'d", "no_left_turn", ""];
const KEYS = ["highway", "name", "oneway", "maxspeed", "name:zh", "building", "ref", "created_by", "unused"];

/** An extract with every kind of element, negative and large ids, gaps and odd texts. */
export function randomExtract(seed: number, size = 40): SmallExtract {
  const random = mulberry32(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const tags = () => {
    const made: Record<string, string> = {};
    for (let i = Math.floor(random() * 4); i > 0; i--) made[pick(KEYS)] = pick(WORDS);
    return made;
  };
  const nodes = Array.from({ length: size }, (_, i) => ({
    id: (i - 3) * Math.ceil(random() * 1e9) + (random() < 0.1 ? 2 ** 40 : 0),
    lng: Math.round((random() * 360 - 180) * 1e7) / 1e7,
    lat: Math.round((random() * 180 - 90) * 1e7) / 1e7,
    tags: tags(),
  }));
  const ways = Array.from({ length: size >> 1 }, (_, i) => ({
    id: 7 + i * 1e10,
    nodes: Array.from({ length: Math.floor(random() * 9) }, () => (random() < 0.1 ? -99 : pick(nodes).id)),
    tags: tags(),
  }));
  const relations = Array.from({ length: size >> 2 }, (_, i) => ({
    id: 1 + i,
    members: Array.from({ length: Math.floor(random() * 5) }, () => ({
      type: pick(["node", "way", "relation"] as const),
      ref: random() < 0.5 ? pick(ways).id : pick(nodes).id,
      role: pick(["from", "to", "via", "", "outer"]),
    })),
    tags: { ...tags(), type: pick(["restriction", "multipolygon"]) },
  }));
  return { nodes, ways, relations };
}
