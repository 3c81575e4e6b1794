import { RESTRICTION_KIND, type RoadGraph } from "../graph/road-graph.ts";
import type { TravelProfile } from "./travel-profile.ts";

/**
 * The turn restrictions as an automaton over edges (Aho and Corasick 1975). State e below `edgeCount` is “on edge e”;
 * further states are “on the edge after exactly these edges”, one for each proper prefix of a restriction over via ways.
 */
export interface TurnRules {
  readonly stateCount: number;
  /** The edge of a state at or above `edgeCount`. */
  edgeOf(state: number): number;
  /** The state after turning from a state onto an edge, or −1 where that is forbidden. */
  turn(state: number, edge: number): number;
}

interface Prefix {
  readonly edge: number;
  /** Longest proper suffix that is a state. */
  readonly fallback: number;
  readonly next: Map<number, number>;
}

export function createTurnRules(graph: RoadGraph, profile: TravelProfile): TurnRules {
  const sequences = profile.obeysRestrictions ? listSequences(graph, profile) : [];
  const { edgeCount } = graph;
  const nextOfEdge = new Map<number, Map<number, number>>();
  const prefixes: Prefix[] = [];
  const nextOf = (state: number) =>
    state < edgeCount ? nextOfEdge.get(state) : (prefixes[state - edgeCount] as Prefix).next;

  // Shorter prefixes first, so that every fallback exists before it is asked for.
  const longest = sequences.reduce((most, { edges }) => Math.max(most, edges.length), 0);
  const stateOf = sequences.map(({ edges }) => edges[0] as number);
  const longestSuffix = (state: number, edge: number): number => {
    for (let from = fallbackOf(state); from >= 0; from = fallbackOf(from)) {
      const next = nextOf(from)?.get(edge);
      if (next !== undefined) return next;
    }
    return edge;
  };
  const fallbackOf = (state: number) => (state < edgeCount ? -1 : (prefixes[state - edgeCount] as Prefix).fallback);
  for (let length = 2; length < longest; length++) {
    for (const [i, { edges }] of sequences.entries()) {
      if (edges.length <= length) continue;
      const state = stateOf[i] as number;
      const edge = edges[length - 1] as number;
      let next = nextOf(state)?.get(edge);
      if (next === undefined) {
        next = edgeCount + prefixes.length;
        prefixes.push({ edge, fallback: longestSuffix(state, edge), next: new Map() });
        if (state < edgeCount && !nextOfEdge.has(state)) nextOfEdge.set(state, new Map());
        nextOf(state)?.set(edge, next);
      }
      stateOf[i] = next;
    }
  }
  const forbidden = new Map<number, Set<number>>();
  const required = new Map<number, Set<number>>();
  for (const [i, { kind, edges }] of sequences.entries()) {
    const table = kind === RESTRICTION_KIND.NO ? forbidden : required;
    const state = stateOf[i] as number;
    const there = table.get(state);
    const last = edges[edges.length - 1] as number;
    if (there) there.add(last);
    else table.set(state, new Set([last]));
  }

  return {
    stateCount: edgeCount + prefixes.length,
    edgeOf: (state) => (state < edgeCount ? state : (prefixes[state - edgeCount] as Prefix).edge),
    turn(state, edge) {
      let reached = -1;
      for (let from = state; from >= 0; from = fallbackOf(from)) {
        if (forbidden.get(from)?.has(edge)) return -1;
        const only = required.get(from);
        if (only && !only.has(edge)) return -1;
        if (reached < 0) reached = nextOf(from)?.get(edge) ?? -1;
      }
      return reached < 0 ? edge : reached;
    },
  };
}

function listSequences(graph: RoadGraph, profile: TravelProfile): { kind: number; edges: number[] }[] {
  const sequences: { kind: number; edges: number[] }[] = [];
  for (let r = 0; r < graph.restrictionKind.length; r++) {
    if (((graph.restrictionVehicles[r] as number) & profile.access) === 0) continue;
    const edges = [
      ...graph.restrictionEdges.subarray(graph.restrictionStart[r], graph.restrictionStart[r + 1] as number),
    ];
    const usable = edges.every((edge) => ((graph.edgeAccess[edge] as number) & profile.access) !== 0);
    if (usable) sequences.push({ kind: graph.restrictionKind[r] as number, edges });
  }
  return sequences;
}
