import { between, chance, type Random } from "../random.ts";
import type { Arrangement } from "./arrange.ts";
import { distance, distanceToLine, type Point } from "./geometry.ts";
import { nameStreet, type PlaceName } from "./names.ts";
import type { OsmDocument, Tags } from "./osm-document.ts";
import type { CityPlan, RoadClass, Street } from "./plan.ts";
import type { Block } from "./subdivide.ts";

const MAXSPEED_KMH: Partial<Record<RoadClass, number>> = {
  trunk: 80,
  primary: 60,
  secondary: 50,
  tertiary: 40,
  residential: 30,
  living_street: 20,
};
const LANES: Partial<Record<RoadClass, number>> = { trunk: 8, primary: 6, secondary: 4, tertiary: 2 };
const RANK: Record<RoadClass, number> = {
  trunk: 7,
  primary: 6,
  secondary: 5,
  tertiary: 4,
  residential: 3,
  living_street: 2,
  service: 1,
  footway: 0,
};

/** Writes all streets as ways, with signals and turn restrictions. Vertex v of the map is node v + 1. */
export function writeStreets(
  arrangement: Arrangement,
  blocks: Map<number, Block>,
  plan: CityPlan,
  document: OsmDocument,
  random: Random,
  nextName: () => PlaceName,
): void {
  const { map, streets } = arrangement;
  // The best known words go to the greatest streets.
  for (const street of [...streets].sort((a, b) => RANK[b.roadClass] - RANK[a.roadClass])) {
    if (street.name !== undefined) continue;
    const name = nameStreet(street.roadClass, nextName, random);
    if (name) Object.assign(street, { name: name.zh, nameEn: name.en });
  }
  const signals = findSignals(arrangement);
  const isBridge = (e: number) => {
    if (!streets[map.street[e]!]!.crossesRiver) return false;
    const isWater = (h: number) => blocks.get(map.face[h]!)?.use === "water";
    return isWater(2 * e) || isWater(2 * e + 1);
  };
  const bridgeNames = createBridgeNames();
  const wayOfEdge = new Map<number, number>();
  const onewayStreets = new Set<number>();
  const edgesOf = new Map<number, number[]>();
  for (let e = 0; e < map.street.length; e++) {
    const list = edgesOf.get(map.street[e]!) ?? [];
    edgesOf.set(map.street[e]!, list);
    list.push(e);
  }
  for (const [s, edges] of [...edgesOf].sort((a, b) => a[0] - b[0])) {
    const street = streets[s]!;
    const isOneway = s >= plan.arterials.length && isOnewayClass(street.roadClass) && chance(random, 0.13);
    if (isOneway) onewayStreets.add(s);
    for (const chain of chainEdges(arrangement, edges)) {
      for (const part of splitChain(chain, map, signals, isBridge)) {
        const nodes = part.map((h) => map.origin[h]! + 1);
        nodes.push(map.target(part[part.length - 1]!) + 1);
        const bridge = isBridge(part[0]! >> 1);
        const id = document.addWay(nodes, {
          ...streetTags(street),
          oneway: isOneway ? "yes" : undefined,
          ...(bridge && bridgeNames(street)),
        });
        for (const h of part) wayOfEdge.set(h >> 1, id);
      }
    }
  }
  // Two great roads that cross beyond the ring share the point, and so the node.
  const stubNodes = new Map<Point, number>();
  const stubNode = (point: Point) => {
    const id = stubNodes.get(point) ?? document.addNode(point);
    stubNodes.set(point, id);
    return id;
  };
  for (const stub of arrangement.stubs) {
    document.addWay([stub.from + 1, ...stub.points.map(stubNode)], streetTags(streets[stub.street]!));
  }
  writeTunnel(arrangement, plan, document);
  for (const v of signals) document.tagNode(v + 1, { highway: "traffic_signals" });
  writeRestrictions(arrangement, signals, wayOfEdge, onewayStreets, document, random);
}

function isOnewayClass(roadClass: RoadClass): boolean {
  return roadClass === "tertiary" || roadClass === "residential" || roadClass === "living_street";
}

export function streetTags({ roadClass, name, nameEn }: Street): Tags {
  return {
    highway: roadClass,
    name,
    "name:zh": name,
    "name:en": nameEn,
    maxspeed: MAXSPEED_KMH[roadClass]?.toString(),
    lanes: LANES[roadClass]?.toString(),
    surface: RANK[roadClass] >= 4 ? "asphalt" : undefined,
  };
}

function createBridgeNames() {
  const count = new Map<string, number>();
  return (street: Street): Tags => {
    const n = (count.get(street.name!) ?? 0) + 1;
    count.set(street.name!, n);
    const zh =
      street.roadClass === "trunk"
        ? `三环${n === 1 ? "一" : "二"}桥`
        : street.name === "内环路"
          ? `内环${n === 1 ? "一" : "二"}桥`
          : `${street.name!.replace(/大道|路/, "")}大桥`;
    const en =
      street.roadClass === "trunk" || street.name === "内环路"
        ? `${street.nameEn} Bridge ${n}`
        : `${street.nameEn!.replace(/ \w+$/, "")} Bridge`;
    return { bridge: "yes", layer: "1", name: zh, "name:zh": zh, "name:en": en };
  };
}

function findSignals({ map, streets }: Arrangement): number[] {
  const major: number[] = new Array(map.points.length).fill(0);
  const highest: number[] = new Array(map.points.length).fill(0);
  for (let h = 0; h < map.origin.length; h++) {
    const rank = RANK[streets[map.street[h >> 1]!]!.roadClass];
    const v = map.origin[h]!;
    if (rank >= 4) major[v]!++;
    highest[v] = Math.max(highest[v]!, rank);
  }
  return major.flatMap((count, v) => (count >= 3 && highest[v]! >= 5 && highest[v]! < 7 ? [v] : []));
}

/** The edges of one street as runs of half-edges that follow one another. */
function chainEdges({ map }: Arrangement, edges: readonly number[]): number[][] {
  const out = new Map<number, number[]>();
  for (const e of edges) {
    for (const h of [2 * e, 2 * e + 1]) {
      const list = out.get(map.origin[h]!) ?? [];
      out.set(map.origin[h]!, list);
      list.push(h);
    }
  }
  const used = new Set<number>();
  const chains: number[][] = [];
  const follow = (start: number) => {
    const chain: number[] = [];
    for (let h: number | undefined = start; h !== undefined && !used.has(h >> 1); ) {
      used.add(h >> 1);
      chain.push(h);
      const onward: number[] = out.get(map.target(h))!;
      h = onward.length === 2 ? onward.find((o) => !used.has(o >> 1)) : undefined;
    }
    if (chain.length > 0) chains.push(chain);
  };
  for (const [, list] of out) if (list.length !== 2) for (const h of list) follow(h);
  for (const [, list] of out) for (const h of list) follow(h);
  return chains;
}

function splitChain(
  chain: number[],
  map: Arrangement["map"],
  signals: number[],
  isBridge: (e: number) => boolean,
): number[][] {
  const stops = new Set(signals);
  const parts: number[][] = [[]];
  for (const [i, h] of chain.entries()) {
    const before = chain[i - 1];
    if (before !== undefined && (stops.has(map.origin[h]!) || isBridge(h >> 1) !== isBridge(before >> 1)))
      parts.push([]);
    parts[parts.length - 1]!.push(h);
  }
  return parts;
}

/** One road under the river, half-way between bridges, from inland crossing to inland crossing. */
function writeTunnel({ map, streets }: Arrangement, plan: CityPlan, document: OsmDocument): void {
  const isPortal = (v: number) => map.degree[v]! >= 3;
  const rankAt: number[] = new Array(map.points.length).fill(0);
  for (let h = 0; h < map.origin.length; h++) {
    const v = map.origin[h]!;
    rankAt[v] = Math.max(rankAt[v]!, RANK[streets[map.street[h >> 1]!]!.roadClass]);
  }
  const portals = (bank: readonly Point[]) =>
    map.points.flatMap((p, v) => {
      const d = distanceToLine(p, bank);
      return isPortal(v) && rankAt[v]! >= 4 && rankAt[v]! < 7 && d > 330 && d < 650 ? [v] : [];
    });
  const west = portals(plan.river.leftWater).filter((v) => distanceToLine(map.points[v]!, plan.river.rightWater) > 600);
  const east = portals(plan.river.rightWater).filter((v) => distanceToLine(map.points[v]!, plan.river.leftWater) > 600);
  const bridges = map.points.filter(
    (_, v) => map.degree[v]! >= 3 && rankAt[v]! >= 6 && distanceToLine(map.points[v]!, plan.river.centre) < 420,
  );
  let best: { a: number; b: number; score: number } | undefined;
  for (const a of west) {
    for (const b of east) {
      const p = map.points[a]!;
      const q = map.points[b]!;
      const length = distance(p, q);
      if (length > 1900) continue;
      const middle: Point = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
      const clear = Math.min(...bridges.map((c) => distance(c, middle)), 900);
      const score = clear * 1.5 - length;
      if (!best || score > best.score) best = { a, b, score };
    }
  }
  if (!best) return;
  const from = map.points[best.a]!;
  const to = map.points[best.b]!;
  const inside: number[] = [];
  for (let i = 1; i < 12; i++) {
    const t = i / 12;
    const sway = 28 * Math.sin(t * Math.PI);
    const length = distance(from, to);
    inside.push(
      document.addNode([
        from[0] + (to[0] - from[0]) * t - ((to[1] - from[1]) / length) * sway,
        from[1] + (to[1] - from[1]) * t + ((to[0] - from[0]) / length) * sway,
      ]),
    );
  }
  const tunnel: Street = {
    roadClass: "primary",
    name: "五分过江隧道",
    nameEn: "Wufen River Tunnel",
    crossesRiver: true,
  };
  document.addWay([best.a + 1, ...inside, best.b + 1], { ...streetTags(tunnel), tunnel: "yes", layer: "-1" });
}

/** No left turn from one great road into another at about a third of the signals, no U-turn at some. */
function writeRestrictions(
  { map, streets }: Arrangement,
  signals: readonly number[],
  wayOfEdge: Map<number, number>,
  oneways: Set<number>,
  document: OsmDocument,
  random: Random,
): void {
  const leaving = new Map<number, number[]>(signals.map((v) => [v, []]));
  for (let h = 0; h < map.origin.length; h++) leaving.get(map.origin[h]!)?.push(h);
  for (const [v, list] of leaving) {
    if (!chance(random, 0.36)) continue;
    const great = list.filter(
      (h) => RANK[streets[map.street[h >> 1]!]!.roadClass] >= 4 && !oneways.has(map.street[h >> 1]!),
    );
    for (const arriving of great) {
      for (const left of great) {
        if (arriving === left || wayOfEdge.get(arriving >> 1) === wayOfEdge.get(left >> 1)) continue;
        const at = map.points[v]!;
        const from = map.points[map.target(arriving)]!;
        const to = map.points[map.target(left)]!;
        const turn = Math.atan2(
          (at[0] - from[0]) * (to[1] - at[1]) - (at[1] - from[1]) * (to[0] - at[0]),
          (at[0] - from[0]) * (to[0] - at[0]) + (at[1] - from[1]) * (to[1] - at[1]),
        );
        if (turn < 1 || turn > 2.2 || !chance(random, between(random, 0.2, 0.6))) continue;
        document.addRelation(
          [
            { type: "way", ref: wayOfEdge.get(arriving >> 1)!, role: "from" },
            { type: "node", ref: v + 1, role: "via" },
            { type: "way", ref: wayOfEdge.get(left >> 1)!, role: "to" },
          ],
          { type: "restriction", restriction: "no_left_turn" },
        );
      }
    }
  }
}
