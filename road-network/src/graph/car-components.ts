import { ACCESS } from "./access.ts";
import { NO_COMPONENT, NODE_FLAG, type RoadGraph } from "./road-graph.ts";

type Network = Pick<
  RoadGraph,
  "nodeFlags" | "edgeFrom" | "edgeTo" | "edgeLengthDm" | "edgeAccess" | "outStart" | "outEdges"
>;

export interface CarComponents {
  /** Per directed edge; components are numbered by falling length. */
  readonly edgeComponent: Uint32Array;
  readonly count: number;
  /** Share of the length of all car edges that lies in component 0, 0 to 1. */
  readonly largestShare: number;
}

/**
 * Strongly connected components for cars (Tarjan 1972, without recursion). A node that is closed to cars falls apart
 * into one end for each segment that meets it. Turn restrictions are not looked at.
 */
export function findCarComponents(network: Network): CarComponents {
  const nodes = strongNodes(network);
  const edges = network.edgeFrom.length;
  const lengthOf = new Map<number, number>();
  const raw = new Uint32Array(edges).fill(NO_COMPONENT);
  let total = 0;
  for (let edge = 0; edge < edges; edge++) {
    if (!isCarEdge(network, edge)) continue;
    const length = network.edgeLengthDm[edge] as number;
    total += length;
    const component = nodes[vertexAt(network, edge, true)] as number;
    if (component !== nodes[vertexAt(network, edge, false)]) continue;
    raw[edge] = component;
    lengthOf.set(component, (lengthOf.get(component) ?? 0) + length);
  }
  const order = [...lengthOf.keys()].sort((a, b) => (lengthOf.get(b) ?? 0) - (lengthOf.get(a) ?? 0) || a - b);
  const rank = new Map(order.map((component, i) => [component, i]));
  const largest = lengthOf.get(order[0] ?? -1) ?? 0;
  return {
    edgeComponent: raw.map((component) => rank.get(component) ?? NO_COMPONENT),
    count: order.length,
    largestShare: total === 0 ? 0 : largest / total,
  };
}

function isCarEdge(network: Network, edge: number): boolean {
  return ((network.edgeAccess[edge] as number) & ACCESS.CAR) !== 0;
}

/** Where an edge starts or ends: its node, or its own end of a node that is closed to cars. */
function vertexAt(network: Network, edge: number, atStart: boolean): number {
  const node = (atStart ? network.edgeFrom[edge] : network.edgeTo[edge]) as number;
  if (((network.nodeFlags[node] as number) & NODE_FLAG.CAR_BARRIER) === 0) return node;
  // Both directions of a segment meet at the same end: the start of one is the end of the other.
  return network.nodeFlags.length + (atStart ? edge : edge ^ 1);
}

/** Tarjan's algorithm; returns the component of every vertex. */
function strongNodes(network: Network): Uint32Array {
  const nodeCount = network.nodeFlags.length;
  const vertices = nodeCount + network.edgeFrom.length;
  const index = new Uint32Array(vertices);
  const low = new Uint32Array(vertices);
  const component = new Uint32Array(vertices).fill(NO_COMPONENT);
  const cursor = new Uint32Array(vertices);
  const open: number[] = [];
  const path: number[] = [];
  let time = 0;
  let components = 0;
  const enter = (vertex: number) => {
    time++;
    index[vertex] = time;
    low[vertex] = time;
    open.push(vertex);
    path.push(vertex);
  };
  for (let root = 0; root < vertices; root++) {
    if (index[root] !== 0) continue;
    if (root >= nodeCount && vertexAt(network, root - nodeCount, true) !== root) continue;
    enter(root);
    while (path.length > 0) {
      const vertex = path[path.length - 1] as number;
      const edge = nextEdge(network, vertex, cursor);
      if (edge >= 0) {
        if (!isCarEdge(network, edge)) continue;
        const next = vertexAt(network, edge, false);
        if (index[next] === 0) enter(next);
        else if (component[next] === NO_COMPONENT) {
          low[vertex] = Math.min(low[vertex] as number, index[next] as number);
        }
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[vertex] as number);
      if (low[vertex] !== index[vertex]) continue;
      for (;;) {
        const member = open.pop() as number;
        component[member] = components;
        if (member === vertex) break;
      }
      components++;
    }
  }
  return component;
}

/** The next edge that leaves a vertex and has not been looked at, or −1. */
function nextEdge(network: Network, vertex: number, cursor: Uint32Array): number {
  const step = cursor[vertex] as number;
  cursor[vertex] = step + 1;
  const nodeCount = network.nodeFlags.length;
  // The only way on from a closed node's end is back along its segment.
  if (vertex >= nodeCount) return step === 0 ? vertex - nodeCount : -1;
  if (((network.nodeFlags[vertex] as number) & NODE_FLAG.CAR_BARRIER) !== 0) return -1;
  const at = (network.outStart[vertex] as number) + step;
  return at < (network.outStart[vertex + 1] as number) ? (network.outEdges[at] as number) : -1;
}
