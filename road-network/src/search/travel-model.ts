import { METRES_PER_LAT7, metresPerLng7 } from "../geo/local-metres.ts";
import { EDGE_FLAG, NODE_FLAG, type RoadGraph } from "../graph/road-graph.ts";
import { edgeTimeDs, type TravelProfile, turnTimeDs } from "./travel-profile.ts";
import { createTurnRules, type TurnRules } from "./turn-rules.ts";

/** Time of an edge the profile may not use. */
export const UNUSABLE = 0xffff_ffff;

/**
 * A road graph as one kind of unit travels it. A *state* is “at the end of an edge”; states below `edgeCount` are the
 * edges themselves, the others the same edges after a particular way of coming there (restrictions over via ways).
 * Times are integer deciseconds. All arrays are over SharedArrayBuffers.
 */
export interface TravelModel {
  readonly graph: RoadGraph;
  readonly profile: TravelProfile;
  readonly stateCount: number;
  /** Edge of each state. */
  readonly stateEdge: Uint32Array;
  /** From the edge's first node to its last, UNUSABLE where the profile may not go. */
  readonly edgeTimeDs: Uint32Array;
  /** Turns out of state s: `nextState[i]` at the cost of `nextTurnDs[i]`, i in `nextStart[s] .. nextStart[s + 1])`. */
  readonly nextStart: Uint32Array;
  readonly nextState: Uint32Array;
  readonly nextTurnDs: Uint16Array;
  /** The same turns by the state they lead to. */
  readonly previousStart: Uint32Array;
  readonly previousState: Uint32Array;
  readonly previousTurnDs: Uint16Array;
  /** States beyond the edges' own, by edge. */
  readonly copiesOfEdge: ReadonlyMap<number, readonly number[]>;
  /** No turn and edge together take longer. */
  readonly longestStepDs: number;
}

/** Works out what a profile may do on a graph, and how long it takes. */
export function createTravelModel(graph: RoadGraph, profile: TravelProfile): TravelModel {
  const rules = createTurnRules(graph, profile);
  const { stateCount } = rules;
  const stateEdge = new Uint32Array(new SharedArrayBuffer(stateCount * 4));
  for (let state = 0; state < stateCount; state++) stateEdge[state] = rules.edgeOf(state);
  const times = new Uint32Array(new SharedArrayBuffer(graph.edgeCount * 4)).fill(UNUSABLE);
  let longestEdgeDs = 0;
  for (let edge = 0; edge < graph.edgeCount; edge++) {
    if (((graph.edgeAccess[edge] as number) & profile.access) === 0) continue;
    const time = edgeTimeDs(graph, profile, edge);
    times[edge] = time;
    if (time > longestEdgeDs) longestEdgeDs = time;
  }
  const forward = listTurns(graph, profile, rules, times);
  const backward = reverseTurns(stateCount, forward);
  const copiesOfEdge = new Map<number, number[]>();
  for (let state = graph.edgeCount; state < stateCount; state++) {
    const edge = stateEdge[state] as number;
    copiesOfEdge.set(edge, [...(copiesOfEdge.get(edge) ?? []), state]);
  }
  const longestTurnDs = forward.nextTurnDs.reduce((longest, turn) => Math.max(longest, turn), 0);
  return {
    graph,
    profile,
    stateCount,
    stateEdge,
    edgeTimeDs: times,
    ...forward,
    ...backward,
    copiesOfEdge,
    longestStepDs: longestEdgeDs + longestTurnDs,
  };
}

type Turns = Pick<TravelModel, "nextStart" | "nextState" | "nextTurnDs">;

function listTurns(graph: RoadGraph, profile: TravelProfile, rules: TurnRules, times: Uint32Array): Turns {
  const { stateCount } = rules;
  const nextStart = new Uint32Array(new SharedArrayBuffer((stateCount + 1) * 4));
  const states: number[] = [];
  const costs: number[] = [];
  const headings = createHeadings(graph);
  const degrees = countStreets(graph, times);
  for (let state = 0; state < stateCount; state++) {
    nextStart[state] = states.length;
    const edge = rules.edgeOf(state);
    if (times[edge] === UNUSABLE) continue;
    const node = graph.edgeTo[edge] as number;
    const signalDs =
      ((graph.edgeFlags[edge] as number) & EDGE_FLAG.SIGNAL_AT_END) !== 0 ? profile.signalSeconds * 10 : 0;
    const isClosed = profile.isVehicle && ((graph.nodeFlags[node] as number) & NODE_FLAG.CAR_BARRIER) !== 0;
    const isJunction = (degrees[node] as number) > 2;
    const before = states.length;
    if (!isClosed) {
      const end = graph.outStart[node + 1] as number;
      for (let i = graph.outStart[node] as number; i < end; i++) {
        const next = graph.outEdges[i] as number;
        if (times[next] === UNUSABLE || next === (edge ^ 1)) continue;
        const nextState = rules.turn(state, next);
        if (nextState < 0) continue;
        states.push(nextState);
        costs.push(signalDs + (isJunction ? turnTimeDs(profile, headings.turnDeg(edge, next)) : 0));
      }
    }
    // Nobody turns back but where there is no other way on.
    if (states.length > before || times[edge ^ 1] === UNUSABLE) continue;
    const back = rules.turn(state, edge ^ 1);
    if (back < 0) continue;
    states.push(back);
    costs.push(profile.uTurnSeconds * 10);
  }
  nextStart[stateCount] = states.length;
  const nextState = new Uint32Array(new SharedArrayBuffer(states.length * 4));
  const nextTurnDs = new Uint16Array(new SharedArrayBuffer(states.length * 2));
  nextState.set(states);
  nextTurnDs.set(costs);
  return { nextStart, nextState, nextTurnDs };
}

function reverseTurns(stateCount: number, { nextStart, nextState, nextTurnDs }: Turns) {
  const previousStart = new Uint32Array(new SharedArrayBuffer((stateCount + 1) * 4));
  const previousState = new Uint32Array(new SharedArrayBuffer(nextState.length * 4));
  const previousTurnDs = new Uint16Array(new SharedArrayBuffer(nextState.length * 2));
  for (const state of nextState) previousStart[state + 1] = (previousStart[state + 1] as number) + 1;
  for (let state = 0; state < stateCount; state++) {
    previousStart[state + 1] = (previousStart[state + 1] as number) + (previousStart[state] as number);
  }
  const place = previousStart.slice();
  for (let state = 0; state < stateCount; state++) {
    for (let i = nextStart[state] as number; i < (nextStart[state + 1] as number); i++) {
      const next = nextState[i] as number;
      const at = place[next] as number;
      place[next] = at + 1;
      previousState[at] = state;
      previousTurnDs[at] = nextTurnDs[i] as number;
    }
  }
  return { previousStart, previousState, previousTurnDs };
}

/** Segments a profile may use at each node; a bend in a road is no junction. */
function countStreets(graph: RoadGraph, times: Uint32Array): Uint16Array {
  const degrees = new Uint16Array(graph.nodeCount);
  for (let edge = 0; edge < graph.edgeCount; edge++) {
    if (times[edge] === UNUSABLE && times[edge ^ 1] === UNUSABLE) continue;
    const node = graph.edgeFrom[edge] as number;
    degrees[node] = (degrees[node] as number) + 1;
  }
  return degrees;
}

function createHeadings({ shapeStart, shapeLng7, shapeLat7 }: RoadGraph) {
  const headingDeg = (from: number, to: number) => {
    const dx = ((shapeLng7[to] as number) - (shapeLng7[from] as number)) * metresPerLng7(shapeLat7[from] as number);
    const dy = ((shapeLat7[to] as number) - (shapeLat7[from] as number)) * METRES_PER_LAT7;
    return (Math.atan2(dx, dy) * 180) / Math.PI;
  };
  const first = (edge: number) => shapeStart[edge >> 1] as number;
  const last = (edge: number) => (shapeStart[(edge >> 1) + 1] as number) - 1;
  const departureDeg = (edge: number) =>
    (edge & 1) === 0 ? headingDeg(first(edge), first(edge) + 1) : headingDeg(last(edge), last(edge) - 1);
  return {
    /** Of turning from the end of one edge into the start of another: positive to the right. */
    turnDeg(edge: number, next: number): number {
      const arrivalDeg = departureDeg(edge ^ 1) + 180;
      return ((((departureDeg(next) - arrivalDeg + 180) % 360) + 360) % 360) - 180;
    },
  };
}
