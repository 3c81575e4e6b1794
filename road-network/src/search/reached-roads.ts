import { directionsAt, type RoadPlace } from "./road-place.ts";
import { SearchSpace } from "./search-space.ts";
import type { TravelModel } from "./travel-model.ts";

/**
 * Roads within a time, piece by piece. Piece i runs along `edges[i]`, away from where the search began, from the share
 * `fromShare[i]` of its length at `fromDs[i]` to its end at `toDs[i]`, which may be beyond the limit. An edge is there
 * once, and once more where the search began on it; its segment may be reached from both ends.
 */
export interface ReachedRoads {
  readonly model: TravelModel;
  readonly limitDs: number;
  readonly count: number;
  /** The pieces on which the search began are the first so many. */
  readonly startCount: number;
  readonly edges: Uint32Array;
  readonly fromShare: Float32Array;
  readonly fromDs: Int32Array;
  readonly toDs: Int32Array;
}

const FAR = 0x7fff_ffff;

/** Searches for all roads within a time; keep one for each model, its answers are their own copies. */
export class ReachSearch {
  readonly model: TravelModel;
  readonly #space: SearchSpace;
  /** Earliest time at which each edge is entered, FAR where it is not. */
  readonly #entryDs: Int32Array;
  readonly #entered: Uint32Array;
  #enteredCount = 0;

  constructor(model: TravelModel) {
    this.model = model;
    this.#space = new SearchSpace(model.stateCount, model.longestStepDs);
    this.#entryDs = new Int32Array(model.graph.edgeCount).fill(FAR);
    this.#entered = new Uint32Array(model.graph.edgeCount);
  }

  /** What somebody at one of the places reaches within the limit: a unit's response area, or the coverage of many. */
  from(places: Iterable<RoadPlace>, limitDs: number): ReachedRoads {
    const { nextStart, nextState, nextTurnDs, stateEdge, edgeTimeDs } = this.model;
    const space = this.#space;
    const starts: Start[] = [];
    for (const place of places) {
      for (const { edge, sinceStartDs, untilEndDs } of directionsAt(this.model, place)) {
        starts.push({ edge, untilEndDs, timeDs: sinceStartDs + untilEndDs });
        if (untilEndDs <= limitDs) space.reach(edge, untilEndDs, -1);
      }
    }
    for (let state = space.settle(); state >= 0; state = space.settle()) {
      const timeDs = space.timeDs[state] as number;
      const end = nextStart[state + 1] as number;
      for (let i = nextStart[state] as number; i < end; i++) {
        const next = nextState[i] as number;
        const edge = stateEdge[next] as number;
        const entryDs = timeDs + (nextTurnDs[i] as number);
        if (entryDs > limitDs) continue;
        this.#enter(edge, entryDs);
        const endDs = entryDs + (edgeTimeDs[edge] as number);
        if (endDs <= limitDs) space.reach(next, endDs, state);
      }
    }
    return this.#finish(starts, limitDs);
  }

  /** From where the place is reached within the limit: the rings around an incident. Pieces lead away from the place, against the traffic. */
  to(place: RoadPlace, limitDs: number): ReachedRoads {
    const { previousStart, previousState, previousTurnDs, stateEdge, edgeTimeDs, copiesOfEdge } = this.model;
    const space = this.#space;
    const starts: Start[] = [];
    const relax = (state: number, timeDs: number) => {
      const end = previousStart[state + 1] as number;
      for (let i = previousStart[state] as number; i < end; i++) {
        const atEndDs = timeDs + (previousTurnDs[i] as number);
        if (atEndDs <= limitDs) space.reach(previousState[i] as number, atEndDs, state);
      }
    };
    for (const { edge, sinceStartDs, untilEndDs } of directionsAt(this.model, place)) {
      starts.push({ edge: edge ^ 1, untilEndDs: sinceStartDs, timeDs: sinceStartDs + untilEndDs });
      for (const state of [edge, ...(copiesOfEdge.get(edge) ?? [])]) relax(state, sinceStartDs);
    }
    for (let state = space.settle(); state >= 0; state = space.settle()) {
      const timeDs = space.timeDs[state] as number;
      const edge = stateEdge[state] as number;
      this.#enter(edge ^ 1, timeDs);
      relax(state, timeDs + (edgeTimeDs[edge] as number));
    }
    return this.#finish(starts, limitDs, 1);
  }

  #enter(edge: number, timeDs: number): void {
    const known = this.#entryDs[edge] as number;
    if (timeDs >= known) return;
    if (known === FAR) this.#entered[this.#enteredCount++] = edge;
    this.#entryDs[edge] = timeDs;
  }

  /** @param reversed 1 where pieces run against the edges that are travelled */
  #finish(starts: readonly Start[], limitDs: number, reversed: 0 | 1 = 0): ReachedRoads {
    const count = starts.length + this.#enteredCount;
    const reached = {
      model: this.model,
      limitDs,
      count,
      startCount: starts.length,
      edges: new Uint32Array(count),
      fromShare: new Float32Array(count),
      fromDs: new Int32Array(count),
      toDs: new Int32Array(count),
    };
    for (const [i, { edge, untilEndDs, timeDs }] of starts.entries()) {
      reached.edges[i] = edge;
      reached.fromShare[i] = 1 - untilEndDs / timeDs;
      reached.toDs[i] = untilEndDs;
    }
    for (let i = 0; i < this.#enteredCount; i++) {
      const edge = this.#entered[i] as number;
      const entryDs = this.#entryDs[edge] as number;
      const at = starts.length + i;
      reached.edges[at] = edge;
      reached.fromDs[at] = entryDs;
      reached.toDs[at] = entryDs + (this.model.edgeTimeDs[edge ^ reversed] as number);
      this.#entryDs[edge] = FAR;
    }
    this.#enteredCount = 0;
    this.#space.reset();
    return reached;
  }
}

interface Start {
  readonly edge: number;
  /** From the place to the end of the piece. */
  readonly untilEndDs: number;
  /** Of the whole edge. */
  readonly timeDs: number;
}

/** Up to which share of its edge a piece is within the limit. */
export function reachedShare(reached: ReachedRoads, i: number): number {
  const from = reached.fromShare[i] as number;
  const fromDs = reached.fromDs[i] as number;
  const toDs = reached.toDs[i] as number;
  if (toDs <= reached.limitDs) return 1;
  return from + ((1 - from) * (reached.limitDs - fromDs)) / (toDs - fromDs);
}

/** Stretches of a segment that are reached, as shares of its shape, apart and in order. */
export type Stretch = readonly [from: number, to: number];

/** What is reached of each segment, from whichever end. */
export function reachedStretches(reached: ReachedRoads): Map<number, Stretch[]> {
  const stretches = new Map<number, Stretch[]>();
  for (let i = 0; i < reached.count; i++) {
    const edge = reached.edges[i] as number;
    const from = reached.fromShare[i] as number;
    const until = reachedShare(reached, i);
    if (until <= from) continue;
    const stretch: Stretch = (edge & 1) === 0 ? [from, until] : [1 - until, 1 - from];
    const there = stretches.get(edge >> 1);
    if (there) there.push(stretch);
    else stretches.set(edge >> 1, [stretch]);
  }
  for (const [segment, list] of stretches) if (list.length > 1) stretches.set(segment, joinStretches(list));
  return stretches;
}

/** Overlapping stretches as one, in order. */
export function joinStretches(list: readonly Stretch[]): Stretch[] {
  const joined: [number, number][] = [];
  for (const [from, to] of list.toSorted((a, b) => a[0] - b[0])) {
    const last = joined[joined.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
