import type { Elements } from "../osm/collect-elements.ts";
import { createNodeLookup } from "../osm/collect-elements.ts";
import type { Tags } from "../osm/elements.ts";
import { ACCESS } from "./access.ts";
import { RESTRICTION_KIND } from "./road-graph.ts";
import type { RoadWay } from "./select-roads.ts";

interface Restriction {
  readonly kind: number;
  readonly vehicles: number;
  /** Way ids: from, then via ways, then to. */
  readonly from: number;
  readonly viaWays: readonly number[];
  readonly to: number;
  /** Position in the node columns, −1 with via ways. */
  readonly viaNode: number;
}

export interface Restrictions {
  /** Relations of type restriction in the extract. */
  readonly count: number;
  readonly list: readonly Restriction[];
  /** Node positions where a turn is restricted; the graph needs a node there. */
  readonly viaNodes: readonly number[];
}

const DRIVEN = ACCESS.CAR | ACCESS.MOTORCYCLE | ACCESS.EMERGENCY;

/** Reads the turn restrictions, by https://wiki.openstreetmap.org/wiki/Relation:restriction. */
export function readRestrictions(elements: Elements): Restrictions {
  const list: Restriction[] = [];
  let count = 0;
  let findNode: ((id: number) => number) | undefined;
  for (const { tags, members } of elements.relations) {
    if (tags.get("type") !== "restriction") continue;
    count++;
    const meaning = meaningOf(tags);
    if (!meaning) continue;
    const froms = members.filter((member) => member.type === "way" && member.role === "from");
    const tos = members.filter((member) => member.type === "way" && member.role === "to");
    const viaWays = members.filter((member) => member.type === "way" && member.role === "via").map(({ ref }) => ref);
    const viaNodes = members.filter((member) => member.type === "node" && member.role === "via");
    if (viaWays.length + viaNodes.length === 0 || (viaWays.length > 0 && viaNodes.length > 0)) continue;
    findNode ??= createNodeLookup(elements.nodeIds, false);
    const viaNode = viaNodes.length === 1 ? findNode(viaNodes[0]?.ref ?? 0) : -1;
    if (viaWays.length === 0 && viaNode < 0) continue;
    // no_entry lists several “from”, no_exit several “to”.
    for (const from of froms) {
      for (const to of tos) list.push({ ...meaning, from: from.ref, viaWays, to: to.ref, viaNode });
    }
  }
  return { count, list, viaNodes: list.filter(({ viaNode }) => viaNode >= 0).map(({ viaNode }) => viaNode) };
}

function meaningOf(tags: Tags): { kind: number; vehicles: number } | undefined {
  const forAll = tags.get("restriction");
  const forCars = tags.get("restriction:motorcar");
  const forMotorcycles = tags.get("restriction:motorcycle");
  const text = forAll ?? forCars ?? forMotorcycles;
  if (text === undefined) return undefined;
  const kind = text.startsWith("only_")
    ? RESTRICTION_KIND.ONLY
    : text.startsWith("no_")
      ? RESTRICTION_KIND.NO
      : undefined;
  if (kind === undefined) return undefined;
  let vehicles: number = DRIVEN;
  if (forAll === undefined) {
    vehicles =
      (forCars === undefined ? 0 : ACCESS.CAR | ACCESS.EMERGENCY) |
      (forMotorcycles === undefined ? 0 : ACCESS.MOTORCYCLE);
  }
  for (const exempt of (tags.get("except") ?? "").split(";")) {
    const name = exempt.trim();
    if (name === "motorcar" || name === "motor_vehicle") vehicles &= ~(ACCESS.CAR | ACCESS.EMERGENCY);
    if (name === "motorcycle" || name === "motor_vehicle") vehicles &= ~ACCESS.MOTORCYCLE;
    if (name === "emergency") vehicles &= ~ACCESS.EMERGENCY;
  }
  return vehicles === 0 ? undefined : { kind, vehicles };
}

interface Network {
  readonly roads: readonly RoadWay[];
  readonly graphNodeOf: Int32Array;
  readonly edgeFrom: Uint32Array;
  readonly edgeTo: Uint32Array;
  readonly edgeWay: Uint32Array;
  readonly edgeAccess: Uint8Array;
}

/** Turns way ids into sequences of directed edges. */
export function resolveRestrictions(restrictions: Restrictions, network: Network) {
  const edgesOf = edgesByWayId(restrictions, network);
  const kinds: number[] = [];
  const vehicles: number[] = [];
  const starts = [0];
  const sequences: number[] = [];
  let skipped = 0;
  for (const restriction of restrictions.list) {
    const sequence = findSequence(restriction, edgesOf, network);
    if (!sequence) {
      skipped++;
      continue;
    }
    kinds.push(restriction.kind);
    vehicles.push(restriction.vehicles);
    sequences.push(...sequence);
    starts.push(sequences.length);
  }
  return {
    skipped,
    columns: {
      restrictionKind: Uint8Array.from(kinds),
      restrictionVehicles: Uint8Array.from(vehicles),
      restrictionStart: Uint32Array.from(starts),
      restrictionEdges: Uint32Array.from(sequences),
    },
  };
}

function edgesByWayId({ list }: Restrictions, network: Network): Map<number, number[]> {
  const wanted = new Map<number, number[]>();
  for (const { from, viaWays, to } of list) for (const id of [from, ...viaWays, to]) wanted.set(id, []);
  for (let edge = 0; edge < network.edgeWay.length; edge++) {
    if (((network.edgeAccess[edge] as number) & DRIVEN) === 0) continue;
    const road = network.roads[network.edgeWay[edge] as number] as RoadWay;
    wanted.get(road.way.id)?.push(edge);
  }
  return wanted;
}

function findSequence(
  restriction: Restriction,
  edgesOf: ReadonlyMap<number, readonly number[]>,
  network: Network,
): number[] | undefined {
  const from = edgesOf.get(restriction.from) ?? [];
  const to = edgesOf.get(restriction.to) ?? [];
  if (restriction.viaWays.length > 0) {
    return findOverWays(
      from,
      restriction.viaWays.map((id) => edgesOf.get(id) ?? []),
      to,
      network,
    );
  }
  const node = network.graphNodeOf[restriction.viaNode] as number;
  if (node < 0) return undefined;
  // A way that runs on through the node could be meant on either side of it: two answers are none.
  const arriving = from.filter((edge) => network.edgeTo[edge] === node);
  const leaving = to.filter((edge) => network.edgeFrom[edge] === node);
  if (arriving.length !== 1 || leaving.length !== 1) return undefined;
  return [arriving[0] as number, leaving[0] as number];
}

/** Most edges a via path may have. */
const VIA_MAX_EDGES = 200;

function findOverWays(
  from: readonly number[],
  vias: readonly (readonly number[])[],
  to: readonly number[],
  network: Network,
): number[] | undefined {
  const allowed = new Set(vias.flat());
  const last = vias[vias.length - 1] ?? [];
  const ends = new Map(to.map((edge) => [network.edgeFrom[edge] as number, edge]));
  const found: number[][] = [];
  for (const start of from) {
    const path = walkVia(network.edgeTo[start] as number, allowed, new Set(last), ends, network, start);
    if (path) found.push([start, ...path]);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Breadth-first over the via edges from a node to the first node where a “to” edge leaves the last via way. */
function walkVia(
  node: number,
  allowed: ReadonlySet<number>,
  last: ReadonlySet<number>,
  ends: ReadonlyMap<number, number>,
  network: Network,
  start: number,
): number[] | undefined {
  let paths: number[][] = [];
  for (const edge of allowed) if (network.edgeFrom[edge] === node && edge !== (start ^ 1)) paths.push([edge]);
  const seen = new Set<number>([node]);
  for (let step = 0; step < VIA_MAX_EDGES && paths.length > 0; step++) {
    const longer: number[][] = [];
    for (const path of paths) {
      const edge = path[path.length - 1] as number;
      const reached = network.edgeTo[edge] as number;
      const end = ends.get(reached);
      if (end !== undefined && last.has(edge) && end !== (edge ^ 1)) return [...path, end];
      if (seen.has(reached)) continue;
      seen.add(reached);
      for (const next of allowed)
        if (network.edgeFrom[next] === reached && next !== (edge ^ 1)) longer.push([...path, next]);
    }
    paths = longer;
  }
  return undefined;
}
