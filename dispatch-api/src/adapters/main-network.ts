import type { RoadPlace, TravelModel } from "@wufen/road-network";

/** Where the largest network is looked for. */
const SEEDS = 16;

/** The roads of a profile that reach one another, and who gets onto them. */
export interface MainNetwork {
  /** Whether whoever passes the place gets onto the network, and whoever is on it gets to the place. */
  holds(place: RoadPlace): boolean;
  /** Whether somebody who stands at the place gets onto the network. */
  isReachedFrom(place: RoadPlace): boolean;
}

/** The largest of the strongly connected networks that hold some states spread over the graph. */
export function findMainNetwork(model: TravelModel): MainNetwork {
  const { graph, stateCount, copiesOfEdge, nextStart, nextState, previousStart, previousState } = model;
  const usable = (edge: number) => ((graph.edgeAccess[edge] as number) & model.profile.access) !== 0;
  let size = 1;
  let reaching = new Uint8Array(stateCount);
  let reached = new Uint8Array(stateCount);
  const seen = new Uint8Array(stateCount);
  for (let i = 0; i < SEEDS && size < stateCount / 2; i++) {
    let seed = Math.floor((i * graph.edgeCount) / SEEDS);
    while (seed < graph.edgeCount && !(usable(seed) && seen[seed] === 0)) seed++;
    if (seed >= graph.edgeCount) continue;
    const ahead = flood(seed, nextStart, nextState);
    const behind = flood(seed, previousStart, previousState);
    let both = 0;
    for (let state = 0; state < stateCount; state++) {
      if (ahead[state] === 0 || behind[state] === 0) continue;
      both++;
      seen[state] = 1;
    }
    if (both <= size) continue;
    size = both;
    reached = ahead;
    reaching = behind;
  }
  const directions = ({ edge }: RoadPlace) => [edge, edge ^ 1].filter(usable);
  const states = (edge: number) => [edge, ...(copiesOfEdge.get(edge) ?? [])];
  return {
    holds(place) {
      const passing = directions(place).flatMap(states);
      return passing.every((state) => reaching[state] === 1) && passing.some((state) => reached[state] === 1);
    },
    isReachedFrom: (place) => directions(place).some((edge) => reaching[edge] === 1),
  };
}

/** 1 for each state that a turn, or a row of them, leads to. */
function flood(seed: number, start: Uint32Array, next: Uint32Array): Uint8Array<ArrayBuffer> {
  const flooded = new Uint8Array(start.length - 1);
  const open = [seed];
  flooded[seed] = 1;
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (let i = start[state] as number; i < (start[state + 1] as number); i++) {
      const there = next[i] as number;
      if (flooded[there] === 1) continue;
      flooded[there] = 1;
      open.push(there);
    }
  }
  return flooded;
}
