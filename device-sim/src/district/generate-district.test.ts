import { createHash } from "node:crypto";
import { area, booleanPointInPolygon, featureCollection, point, union } from "@turf/turf";
import { describe, expect, it } from "vitest";
import { type District, generateDistrict } from "./generate-district.ts";
import type { GridFeature, GridLevel } from "./grid.ts";

const seeds = [5, 7];
const districts = new Map(seeds.map((seed) => [seed, generateDistrict(seed)]));
const level = (seed: number, wanted: GridLevel): GridFeature[] =>
  districts.get(seed)!.grid.features.filter((f) => f.properties.level === wanted);

interface Way {
  nodes: number[];
  tags: Record<string, string>;
}

function readWays(xml: string): Way[] {
  return [...xml.matchAll(/<way id="\d+"[^>]*>(.*?)<\/way>/gs)].map(([, body]) => ({
    nodes: [...body!.matchAll(/<nd ref="(\d+)"/g)].map((m) => Number(m[1])),
    tags: Object.fromEntries([...body!.matchAll(/<tag k="([^"]+)" v="([^"]*)"/g)].map((m) => [m[1]!, m[2]!])),
  }));
}

describe("the demo district", () => {
  it("is the same, byte by byte, for the same seed, and another for another seed", () => {
    const hash = ({ osmXml, grid, stations }: District) =>
      createHash("sha256")
        .update(osmXml)
        .update(JSON.stringify([grid, stations]))
        .digest("hex");
    expect(hash(generateDistrict(5))).toBe(hash(districts.get(5)!));
    expect(hash(districts.get(7)!)).not.toBe(hash(districts.get(5)!));
  });

  it.each(seeds)("has grid levels that tile it without gap or overlap (seed %i)", (seed) => {
    const areas = (["township", "community", "grid"] as const).map((l) => {
      const features = level(seed, l);
      const sum = features.reduce((total, f) => total + area(f), 0);
      const whole = union(featureCollection(features))!;
      // Overlaps make the sum larger than the union; gaps are holes in the union.
      expect(Math.abs(sum - area(whole)) / sum).toBeLessThan(1e-6);
      expect(whole.geometry.type).toBe("Polygon");
      expect(whole.geometry.coordinates).toHaveLength(1);
      return sum;
    });
    expect(Math.abs(areas[0]! - areas[1]!) / areas[0]!).toBeLessThan(1e-9);
    expect(Math.abs(areas[1]! - areas[2]!) / areas[1]!).toBeLessThan(1e-9);
    expect(areas[0]! / 1e6).toBeGreaterThan(42);
    expect(areas[0]! / 1e6).toBeLessThan(62);
  });

  it.each(seeds)("nests each level in the one above (seed %i)", (seed) => {
    const { features } = districts.get(seed)!.grid;
    for (const parentLevel of ["township", "community"] as const) {
      for (const parent of level(seed, parentLevel)) {
        const children = features.filter((f) => f.properties.parent === parent.id);
        const sum = children.reduce((total, f) => total + area(f), 0);
        expect(children.length).toBeGreaterThan(0);
        expect(Math.abs(sum - area(parent)) / sum).toBeLessThan(1e-6);
      }
    }
    expect(new Set(features.map((f) => f.id)).size).toBe(features.length);
    expect(new Set(level(seed, "community").map((f) => f.properties.name)).size).toBe(level(seed, "community").length);
  });

  it.each(seeds)("has grid borders that run along roads (seed %i)", (seed) => {
    const { osmXml } = districts.get(seed)!;
    const position = new Map<number, string>();
    for (const m of osmXml.matchAll(/<node id="(\d+)"[^>]* lat="([-\d.]+)" lon="([-\d.]+)"/g)) {
      position.set(Number(m[1]), `${m[3]},${m[2]}`);
    }
    const sides = new Set<string>();
    for (const way of readWays(osmXml)) {
      if (!way.tags.highway) continue;
      for (let i = 1; i < way.nodes.length; i++) {
        const a = position.get(way.nodes[i - 1]!)!;
        const b = position.get(way.nodes[i]!)!;
        sides.add(`${a} ${b}`).add(`${b} ${a}`);
      }
    }
    for (const { geometry } of level(seed, "grid")) {
      const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
      for (const ring of rings) {
        for (let i = 1; i < ring.length; i++) {
          expect(sides.has(`${ring[i - 1]!.join(",")} ${ring[i]!.join(",")}`)).toBe(true);
        }
      }
    }
  });

  it.each(seeds)("has what a city has (seed %i)", (seed) => {
    const { osmXml, stations } = districts.get(seed)!;
    const ways = readWays(osmXml);
    const count = (test: (tags: Way["tags"]) => boolean) => ways.filter((w) => test(w.tags)).length;
    expect(count((t) => t.bridge === "yes" && t.highway !== undefined)).toBeGreaterThanOrEqual(4);
    expect(count((t) => t.tunnel === "yes")).toBe(1);
    expect(count((t) => t.oneway === "yes")).toBeGreaterThan(50);
    expect(count((t) => t.building !== undefined)).toBeGreaterThan(3000);
    expect(count((t) => t.water === "lake")).toBe(2);
    expect(count((t) => t.railway === "rail")).toBe(1);
    expect(osmXml.match(/v="restriction"/g)!.length).toBeGreaterThan(20);
    expect(osmXml.match(/v="traffic_signals"/g)!.length).toBeGreaterThan(100);
    for (const way of ways) {
      if (way.tags["name:en"] && way.tags.highway) expect(way.tags["name:en"]).toMatch(/^[A-Z][\w' ]+$/);
    }
    const townships = level(seed, "township");
    expect(townships.length).toBeGreaterThanOrEqual(6);
    expect(stations.filter((s) => s.kind === "police-station")).toHaveLength(townships.length);
    for (const station of stations) {
      expect(townships.some((t) => booleanPointInPolygon(point(station.position), t))).toBe(true);
    }
  });

  it.each(seeds)("lets a car reach at least 97 in 100 of its junctions from any other (seed %i)", (seed) => {
    const graph = carGraph(readWays(districts.get(seed)!.osmXml));
    expect(largestComponentShare(graph)).toBeGreaterThanOrEqual(0.97);
  });

  it("keeps houses off the roads and off one another", () => {
    const { osmXml } = districts.get(5)!;
    const position = new Map<number, [number, number]>();
    for (const m of osmXml.matchAll(/<node id="(\d+)"[^>]* lat="([-\d.]+)" lon="([-\d.]+)"/g)) {
      position.set(Number(m[1]), [(Number(m[3]) - 114.3) * 95_820, (Number(m[2]) - 30.6) * 110_870]);
    }
    const ways = readWays(osmXml);
    const lines = (wanted: (t: Way["tags"]) => boolean) =>
      ways.flatMap((way, id) => {
        if (!wanted(way.tags)) return [];
        const points = way.nodes.map((n) => position.get(n)!);
        return points.slice(1).map((b, i) => ({ id, a: points[i]!, b }));
      });
    const roads = lines((t) => t.highway !== undefined && t.tunnel === undefined && t.highway !== "footway");
    const walls = lines((t) => t.building !== undefined);
    const cells = new Map<string, typeof walls>();
    const cellsOf = ({ a, b }: (typeof walls)[number]) => {
      const keys: string[] = [];
      for (let x = Math.floor(Math.min(a[0], b[0]) / 60); x <= Math.floor(Math.max(a[0], b[0]) / 60); x++) {
        for (let y = Math.floor(Math.min(a[1], b[1]) / 60); y <= Math.floor(Math.max(a[1], b[1]) / 60); y++)
          keys.push(`${x} ${y}`);
      }
      return keys;
    };
    for (const line of [...roads, ...walls]) {
      for (const key of cellsOf(line)) cells.set(key, [...(cells.get(key) ?? []), line]);
    }
    const side = (p: number[], q: number[], r: number[]) =>
      (q[0]! - p[0]!) * (r[1]! - p[1]!) - (q[1]! - p[1]!) * (r[0]! - p[0]!);
    let met = 0;
    for (const wall of walls) {
      for (const key of cellsOf(wall)) {
        for (const other of cells.get(key)!) {
          if (other.id === wall.id) continue;
          const straddles = side(wall.a, wall.b, other.a) * side(wall.a, wall.b, other.b) < 0;
          if (straddles && side(other.a, other.b, wall.a) * side(other.a, other.b, wall.b) < 0) met++;
        }
      }
    }
    expect(met).toBe(0);
  });
});

function carGraph(ways: readonly Way[]): Map<number, number[]> {
  const graph = new Map<number, number[]>();
  const link = (a: number, b: number) => graph.set(a, [...(graph.get(a) ?? []), b]);
  for (const { nodes, tags } of ways) {
    if (!tags.highway || tags.highway === "footway") continue;
    for (let i = 1; i < nodes.length; i++) {
      link(nodes[i - 1]!, nodes[i]!);
      if (!graph.has(nodes[i]!)) graph.set(nodes[i]!, []);
      if (tags.oneway !== "yes") link(nodes[i]!, nodes[i - 1]!);
    }
  }
  return graph;
}

/** Kosaraju: nodes reachable both ways from a node of the middle. */
function largestComponentShare(graph: Map<number, number[]>): number {
  const back = new Map<number, number[]>([...graph.keys()].map((n) => [n, []]));
  for (const [from, list] of graph) for (const to of list) back.get(to)!.push(from);
  const reach = (start: number, edges: Map<number, number[]>) => {
    const seen = new Set([start]);
    const stack = [start];
    for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
      for (const m of edges.get(n)!) {
        if (seen.has(m)) continue;
        seen.add(m);
        stack.push(m);
      }
    }
    return seen;
  };
  const start = graph.keys().next().value!;
  const forward = reach(start, graph);
  const backward = reach(start, back);
  return [...forward].filter((n) => backward.has(n)).length / graph.size;
}
