import type { Random } from "../random.ts";
import { distance, type Point, ringArea, ringCentroid } from "./geometry.ts";
import { createNames } from "./names.ts";
import type { PlanarMap } from "./planar-map.ts";
import { type LngLat, toLngLat } from "./projection.ts";
import type { Block } from "./subdivide.ts";

export type GridLevel = "township" | "community" | "grid";

export interface GridFeature {
  type: "Feature";
  id: string;
  properties: {
    id: string;
    level: GridLevel;
    /** The id of the level above; absent for a township. */
    parent?: string;
    name: string;
    nameEn: string;
    responsibleRole: string;
  };
  geometry: { type: "Polygon"; coordinates: LngLat[][] } | { type: "MultiPolygon"; coordinates: LngLat[][][] };
}

export interface GridCollection {
  type: "FeatureCollection";
  features: GridFeature[];
}

const ROLES: Record<GridLevel, string> = { township: "街道综治中心主任", community: "社区民警", grid: "网格员" };
const TOWNSHIPS = 8;
const LEAST_COMMUNITY_M2 = 220_000;
const LEAST_GRID_M2 = 45_000;

/** A labelled region of the map with the borders it shares. */
interface Region {
  areaM2: number;
  centre: Point;
  /** Length of the shared border by neighbour. */
  borders: Map<number, number>;
}

/**
 * Street offices (街道), communities (社区) and base grids (网格), each a union of whole blocks, so that their borders
 * follow the roads and every level tiles the district. Changes the labels in `blocks` to the final ones.
 */
export function createGrid(map: PlanarMap, blocks: Map<number, Block>, random: Random): GridCollection {
  mergeSmall(map, blocks, "community", LEAST_COMMUNITY_M2);
  mergeSmall(map, blocks, "grid", LEAST_GRID_M2);
  const communities = measureRegions(map, blocks, (b) => b.community);
  const townshipOf = growTownships(communities);
  const nextName = createNames(random);
  const features: GridFeature[] = [];
  const townships = [...new Set(townshipOf.values())].sort((a, b) => a - b);
  for (const [t, township] of townships.entries()) {
    const townshipId = `wf-${pad(t + 1, 2)}`;
    const name = nextName();
    const add = (
      level: GridLevel,
      id: string,
      parent: string | undefined,
      zh: string,
      en: string,
      has: (b: Block) => boolean,
    ) => {
      features.push({
        type: "Feature",
        id,
        properties: { id, level, ...(parent && { parent }), name: zh, nameEn: en, responsibleRole: ROLES[level] },
        geometry: outline(map, blocks, has),
      });
    };
    add(
      "township",
      townshipId,
      undefined,
      `${name.zh}街道`,
      `${name.en} Subdistrict`,
      (b) => townshipOf.get(b.community) === township,
    );
    const members = [...townshipOf].filter(([, t2]) => t2 === township).map(([c]) => c);
    for (const [c, community] of members.sort((a, b) => a - b).entries()) {
      const communityId = `${townshipId}-${pad(c + 1, 2)}`;
      const own = nextName();
      add(
        "community",
        communityId,
        townshipId,
        `${own.zh}社区`,
        `${own.en} Community`,
        (b) => b.community === community,
      );
      const grids = new Set([...blocks.values()].filter((b) => b.community === community).map((b) => b.grid));
      for (const [g, grid] of [...grids].sort((a, b) => a - b).entries()) {
        const id = `${communityId}-${pad(g + 1, 2)}`;
        add("grid", id, communityId, `${own.zh}社区第${g + 1}网格`, `${own.en} Grid ${g + 1}`, (b) => b.grid === grid);
      }
    }
  }
  return { type: "FeatureCollection", features };
}

function pad(n: number, width: number): string {
  return String(n).padStart(width, "0");
}

function measureRegions(
  map: PlanarMap,
  blocks: Map<number, Block>,
  labelOf: (b: Block) => number,
): Map<number, Region> {
  const regions = new Map<number, Region & { x: number; y: number }>();
  for (const [face, block] of blocks) {
    const ring = map.ring(face);
    const area = ringArea(ring);
    const [x, y] = ringCentroid(ring);
    const label = labelOf(block);
    const region = regions.get(label) ?? { areaM2: 0, centre: [0, 0], borders: new Map(), x: 0, y: 0 };
    regions.set(label, region);
    region.areaM2 += area;
    region.x += x * area;
    region.y += y * area;
    region.centre = [region.x / region.areaM2, region.y / region.areaM2];
    for (const h of map.halfEdges(face)) {
      const other = blocks.get(map.face[h ^ 1]!);
      if (!other || labelOf(other) === label) continue;
      const length = distance(map.points[map.origin[h]!]!, map.points[map.target(h)]!);
      region.borders.set(labelOf(other), (region.borders.get(labelOf(other)) ?? 0) + length);
    }
  }
  return regions;
}

/** Joins regions that are too small to stand alone, and water, to the neighbour on land with the longest common border. */
function mergeSmall(map: PlanarMap, blocks: Map<number, Block>, key: "community" | "grid", leastM2: number): void {
  for (;;) {
    const regions = measureRegions(map, blocks, (b) => b[key]);
    const land = new Set<number>();
    const communityOf = new Map<number, number>();
    for (const block of blocks.values()) {
      if (block.use !== "water") land.add(block[key]);
      communityOf.set(block[key], block.community);
    }
    const target = new Map<number, number>();
    const small = [...regions].filter(([label, r]) => r.areaM2 < leastM2 || (key === "community" && !land.has(label)));
    for (const [label, { borders }] of small.sort((a, b) => a[1].areaM2 - b[1].areaM2 || a[0] - b[0])) {
      if ([...target.values()].includes(label)) continue;
      const [best] = [...borders]
        .filter(([other]) => !target.has(other))
        .filter(([other]) => (key === "grid" ? communityOf.get(other) === communityOf.get(label) : land.has(other)))
        .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      if (best) target.set(label, best[0]);
    }
    if (target.size === 0) return;
    for (const block of blocks.values()) block[key] = target.get(block[key]) ?? block[key];
  }
}

/** Seeds far apart, then the smallest township takes the nearest neighbouring community, until all are taken. */
function growTownships(communities: Map<number, Region>): Map<number, number> {
  const labels = [...communities.keys()].sort((a, b) => a - b);
  const centre = (label: number) => communities.get(label)!.centre;
  const seeds = [labels[0]!];
  while (seeds.length < Math.min(TOWNSHIPS, labels.length)) {
    const nearestSeedM = (label: number) => Math.min(...seeds.map((s) => distance(centre(s), centre(label))));
    seeds.push(labels.reduce((best, label) => (nearestSeedM(label) > nearestSeedM(best) ? label : best)));
  }
  const township = new Map(seeds.map((label, i) => [label, i]));
  const areas = seeds.map((label) => communities.get(label)!.areaM2);
  const stuck = new Set<number>();
  while (township.size < labels.length && stuck.size < areas.length) {
    let t = -1;
    for (let i = 0; i < areas.length; i++) if (!stuck.has(i) && (t < 0 || areas[i]! < areas[t]!)) t = i;
    const reachable = new Set<number>();
    for (const [label, of] of township) {
      if (of !== t) continue;
      for (const other of communities.get(label)!.borders.keys()) if (!township.has(other)) reachable.add(other);
    }
    const nearest = [...reachable].sort(
      (a, b) => distance(centre(a), centre(seeds[t]!)) - distance(centre(b), centre(seeds[t]!)) || a - b,
    )[0];
    if (nearest === undefined) {
      stuck.add(t);
      continue;
    }
    township.set(nearest, t);
    areas[t]! += communities.get(nearest)!.areaM2;
  }
  for (const label of labels)
    if (!township.has(label)) township.set(label, areas.push(communities.get(label)!.areaM2) - 1);
  return township;
}

/** The border of all blocks that `has` takes, as GeoJSON rings: outer counter-clockwise, holes clockwise. */
export function outline(
  map: PlanarMap,
  blocks: Map<number, Block>,
  has: (b: Block) => boolean,
): GridFeature["geometry"] {
  const isOwn = (face: number) => {
    const block = blocks.get(face);
    return block !== undefined && has(block);
  };
  const used = new Set<number>();
  const outer: Point[][] = [];
  const holes: Point[][] = [];
  for (const face of blocks.keys()) {
    if (!isOwn(face)) continue;
    for (const start of map.halfEdges(face)) {
      if (used.has(start) || isOwn(map.face[start ^ 1]!)) continue;
      const ring: Point[] = [];
      let h = start;
      do {
        used.add(h);
        ring.push(map.points[map.origin[h]!]!);
        h = map.next[h]!;
        while (isOwn(map.face[h ^ 1]!)) h = map.next[h ^ 1]!;
      } while (h !== start);
      (ringArea(ring) > 0 ? outer : holes).push(ring);
    }
  }
  const close = (ring: Point[]): LngLat[] => [...ring, ring[0]!].map(toLngLat);
  if (outer.length === 1) return { type: "Polygon", coordinates: [close(outer[0]!), ...holes.map(close)] };
  return { type: "MultiPolygon", coordinates: outer.map((ring) => [close(ring)]) };
}
