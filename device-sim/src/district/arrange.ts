import { crossing, distance, isInside, mix, type Point } from "./geometry.ts";
import type { CityPlan, Street } from "./plan.ts";
import { PlanarMap } from "./planar-map.ts";

export interface Arrangement {
  map: PlanarMap;
  streets: Street[];
  outerFace: number;
  /** Ends of great roads beyond the ring: they begin at a vertex of the map and lead out of the district. */
  stubs: { from: number; street: number; points: Point[] }[];
}

const MERGE_M = 30;
const LONGEST_STUB_M = 900;

/** Crosses all arterials with one another, cuts what would swim in the river, and drops loose ends. */
export function arrangePlan(plan: CityPlan): Arrangement {
  const streets: Street[] = plan.arterials.map(({ points: _points, isBank: _isBank, ...street }) => street);
  const { vertices, chains } = crossArterials(plan);
  const edges: Edge[] = [];
  const beyond: Edge[] = [];
  for (const [street, chain] of chains.entries()) {
    const arterial = plan.arterials[street]!;
    const isRing = arterial.points === plan.ring;
    for (let i = 1; i < chain.length; i++) {
      const a = chain[i - 1]!;
      const b = chain[i]!;
      if (a === b) continue;
      const middle = mix(vertices[a]!, vertices[b]!, 0.5);
      if (!isRing && !isInside(middle, plan.ring)) beyond.push({ a, b, street });
      else if (arterial.crossesRiver || arterial.isBank || !isInside(middle, plan.river.corridor))
        edges.push({ a, b, street });
    }
  }
  const kept = pruneLooseEnds(edges, vertices.length);

  const map = new PlanarMap();
  const vertexOf = new Map<number, number>();
  const vertex = (v: number) => {
    let id = vertexOf.get(v);
    if (id === undefined) {
      id = map.addVertex(vertices[v]!);
      vertexOf.set(v, id);
    }
    return id;
  };
  for (const e of kept) map.addEdge(vertex(e.a), vertex(e.b), e.street);
  const { outer } = map.linkFaces();

  const stubs: Arrangement["stubs"] = [];
  for (const [v, from] of [...vertexOf]) {
    for (const e of beyond) {
      if (e.a === v || e.b === v) stubs.push({ from, street: e.street, points: followOut(v, e, beyond, vertices) });
    }
  }
  return { map, streets, outerFace: outer, stubs };
}

/** Every arterial as a chain of vertex numbers; arterials that cross share the vertex. */
function crossArterials(plan: CityPlan): { vertices: Point[]; chains: number[][] } {
  const vertices: Point[] = [];
  const onLine: { segment: number; t: number; vertex: number }[][] = plan.arterials.map(() => []);
  for (let i = 0; i < plan.arterials.length; i++) {
    const first = plan.arterials[i]!.points;
    for (let j = i + 1; j < plan.arterials.length; j++) {
      const second = plan.arterials[j]!.points;
      for (let s = 1; s < first.length; s++) {
        for (let u = 1; u < second.length; u++) {
          const a = first[s - 1]!;
          const c = second[u - 1]!;
          if (Math.abs(a[0] - c[0]) > 130 || Math.abs(a[1] - c[1]) > 130) continue;
          const hit = crossing(a, first[s]!, c, second[u]!);
          if (!hit) continue;
          const point = mix(a, first[s]!, hit.t);
          let vertex = vertices.findIndex((v) => distance(v, point) < MERGE_M);
          if (vertex < 0) vertex = vertices.push(point) - 1;
          onLine[i]!.push({ segment: s, t: hit.t, vertex });
          onLine[j]!.push({ segment: u, t: hit.u, vertex });
        }
      }
    }
  }
  const chains = plan.arterials.map(({ points }, i) => {
    const hits = onLine[i]!.sort((a, b) => a.segment - b.segment || a.t - b.t);
    const isClosed = distance(points[0]!, points[points.length - 1]!) < 1;
    const chain: number[] = [];
    const push = (v: number) => {
      if (chain[chain.length - 1] !== v && chain[chain.length - 2] !== v) chain.push(v);
    };
    let h = 0;
    for (let s = 0; s < points.length; s++) {
      while (h < hits.length && hits[h]!.segment === s) push(hits[h++]!.vertex);
      const p = points[s]!;
      const isCrowded = hits.some(
        (hit) => Math.abs(hit.segment - s) < 3 && distance(vertices[hit.vertex]!, p) < MERGE_M,
      );
      if (isCrowded) continue;
      if (isClosed && s === points.length - 1) break;
      push(vertices.push(p) - 1);
    }
    if (isClosed) chain.push(chain[0]!);
    return chain;
  });
  return { vertices, chains };
}

interface Edge {
  a: number;
  b: number;
  street: number;
}

function pruneLooseEnds(edges: readonly Edge[], vertexCount: number): Edge[] {
  const seen = new Set<string>();
  let kept = edges.filter((e) => {
    const key = e.a < e.b ? `${e.a},${e.b}` : `${e.b},${e.a}`;
    return !seen.has(key) && seen.add(key);
  });
  for (;;) {
    const degree = new Uint16Array(vertexCount);
    for (const e of kept) {
      degree[e.a]!++;
      degree[e.b]!++;
    }
    const still = kept.filter((e) => degree[e.a]! > 1 && degree[e.b]! > 1);
    if (still.length === kept.length) return kept;
    kept = still;
  }
}

function followOut(start: number, first: Edge, beyond: readonly Edge[], vertices: readonly Point[]): Point[] {
  const points: Point[] = [];
  const used = new Set<Edge>();
  let at = start;
  let edge: Edge | undefined = first;
  let lengthM = 0;
  while (edge && lengthM < LONGEST_STUB_M) {
    used.add(edge);
    const to: number = edge.a === at ? edge.b : edge.a;
    lengthM += distance(vertices[at]!, vertices[to]!);
    points.push(vertices[to]!);
    at = to;
    edge = beyond.find((e) => !used.has(e) && e.street === first.street && (e.a === to || e.b === to));
  }
  return points;
}
