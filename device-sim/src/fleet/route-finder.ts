import { CLASS_SPEED_KMH, type RoadGraph } from "@wufen/road-network";

/** Edges from one node to another in order; empty when they are the same, absent when there is no way. */
export type FindRoute = (from: number, to: number, access: number) => number[] | undefined;

/** A patrol that would have to search farther takes another destination. */
const MOST_SETTLED_NODES = 60_000;
const FASTEST_KMH = Math.max(...CLASS_SPEED_KMH, 80);
const METRES_PER_E7 = 0.011132;

/** A* by time over the directed edges that carry the access bit; keeps its tables between searches. */
export function createRouteFinder(graph: RoadGraph): FindRoute {
  const { nodeLng7, nodeLat7, outStart, outEdges, edgeTo, edgeFrom, edgeAccess, edgeLengthDm, edgeSpeedKmh } = graph;
  const cost = new Float64Array(graph.nodeCount);
  const via = new Int32Array(graph.nodeCount);
  const round = new Uint32Array(graph.nodeCount);
  const settled = new Uint32Array(graph.nodeCount);
  const heap = createHeap();
  let current = 0;

  return (from, to, access) => {
    if (from === to) return [];
    current++;
    const cosLat = Math.cos(((nodeLat7[to] as number) / 1e7) * (Math.PI / 180));
    const guess = (n: number) => {
      const dx = ((nodeLng7[n] as number) - (nodeLng7[to] as number)) * cosLat;
      const dy = (nodeLat7[n] as number) - (nodeLat7[to] as number);
      return (Math.sqrt(dx * dx + dy * dy) * METRES_PER_E7 * 0.99) / FASTEST_KMH;
    };
    heap.clear();
    cost[from] = 0;
    round[from] = current;
    heap.push(guess(from), from);
    for (let count = 0; count < MOST_SETTLED_NODES; count++) {
      const n = heap.pop();
      if (n < 0) return undefined;
      if (settled[n] === current) continue;
      settled[n] = current;
      if (n === to) return trace(from, to);
      for (let i = outStart[n] as number; i < (outStart[n + 1] as number); i++) {
        const e = outEdges[i] as number;
        if (((edgeAccess[e] as number) & access) === 0) continue;
        const m = edgeTo[e] as number;
        const next = (cost[n] as number) + (edgeLengthDm[e] as number) / 10 / (edgeSpeedKmh[e] as number);
        if (round[m] === current && (cost[m] as number) <= next) continue;
        round[m] = current;
        cost[m] = next;
        via[m] = e;
        heap.push(next + guess(m), m);
      }
    }
    return undefined;
  };

  function trace(from: number, to: number): number[] {
    const edges: number[] = [];
    for (let n = to; n !== from; n = edgeFrom[edges[edges.length - 1] as number] as number)
      edges.push(via[n] as number);
    return edges.reverse();
  }
}

/** Binary heap of (key, value); ties leave in an order that depends on nothing but what was pushed. */
function createHeap() {
  const keys: number[] = [];
  const values: number[] = [];
  const swap = (a: number, b: number) => {
    [keys[a], keys[b]] = [keys[b] as number, keys[a] as number];
    [values[a], values[b]] = [values[b] as number, values[a] as number];
  };
  return {
    clear() {
      keys.length = 0;
      values.length = 0;
    },
    push(key: number, value: number) {
      let i = keys.push(key) - 1;
      values.push(value);
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if ((keys[parent] as number) <= (keys[i] as number)) break;
        swap(i, parent);
        i = parent;
      }
    },
    /** The value of the least key, −1 when empty. */
    pop(): number {
      if (keys.length === 0) return -1;
      const top = values[0] as number;
      swap(0, keys.length - 1);
      keys.pop();
      values.pop();
      for (let i = 0; ; ) {
        const left = 2 * i + 1;
        if (left >= keys.length) break;
        const right = left + 1;
        const least = right < keys.length && (keys[right] as number) < (keys[left] as number) ? right : left;
        if ((keys[i] as number) <= (keys[least] as number)) break;
        swap(i, least);
        i = least;
      }
      return top;
    },
  };
}
