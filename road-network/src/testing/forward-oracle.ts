import type { RoadPlace } from "../search/road-place.ts";
import { type TravelModel, UNUSABLE } from "../search/travel-model.ts";

/**
 * Deciseconds from a place to the end of every state, by the simplest forward search: a sorted list instead of a
 * queue with buckets, one unit at a time, no early end. −1 where nothing leads.
 */
export function forwardTimesDs(model: TravelModel, place: RoadPlace): Int32Array {
  const times = new Int32Array(model.stateCount).fill(-1);
  const heap: [number, number][] = [];
  const push = (timeDs: number, state: number) => {
    heap.push([timeDs, state]);
    for (let i = heap.length - 1; i > 0; ) {
      const up = (i - 1) >> 1;
      if ((heap[up] as [number, number])[0] <= (heap[i] as [number, number])[0]) break;
      [heap[up], heap[i]] = [heap[i] as [number, number], heap[up] as [number, number]];
      i = up;
    }
  };
  const pop = (): [number, number] | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || !last) return top;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && (heap[child] as [number, number])[0] < (heap[least] as [number, number])[0])
          least = child;
      }
      if (least === i) break;
      [heap[least], heap[i]] = [heap[i] as [number, number], heap[least] as [number, number]];
      i = least;
    }
    return top;
  };
  for (const { edge, untilEndDs } of waysOn(model, place)) push(untilEndDs, edge);
  for (let top = pop(); top; top = pop()) {
    const [timeDs, state] = top;
    if ((times[state] as number) >= 0) continue;
    times[state] = timeDs;
    for (let i = model.nextStart[state] as number; i < (model.nextStart[state + 1] as number); i++) {
      const next = model.nextState[i] as number;
      if ((times[next] as number) >= 0) continue;
      push(timeDs + (model.nextTurnDs[i] as number) + timeOf(model, model.stateEdge[next] as number), next);
    }
  }
  return times;
}

/** The time from a unit's place to a target, given the unit's forward times; −1 where no road leads. */
export function lookUpDs(model: TravelModel, times: Int32Array, from: RoadPlace, to: RoadPlace): number {
  let best = -1;
  const offer = (timeDs: number) => {
    if (best < 0 || timeDs < best) best = timeDs;
  };
  for (const target of waysOn(model, to)) {
    for (const start of waysOn(model, from)) {
      if (start.edge === target.edge && start.untilEndDs >= target.untilEndDs)
        offer(start.untilEndDs - target.untilEndDs);
    }
    for (let state = 0; state < model.stateCount; state++) {
      if ((times[state] as number) < 0) continue;
      for (let i = model.nextStart[state] as number; i < (model.nextStart[state + 1] as number); i++) {
        if (model.stateEdge[model.nextState[i] as number] !== target.edge) continue;
        offer(
          (times[state] as number) + (model.nextTurnDs[i] as number) + timeOf(model, target.edge) - target.untilEndDs,
        );
      }
    }
  }
  return best;
}

function waysOn(model: TravelModel, { edge, alongM }: RoadPlace): { edge: number; untilEndDs: number }[] {
  const share = alongM / ((model.graph.edgeLengthDm[edge] as number) / 10);
  return [
    { edge, sinceStart: share },
    { edge: edge ^ 1, sinceStart: 1 - share },
  ]
    .filter((way) => model.edgeTimeDs[way.edge] !== UNUSABLE)
    .map((way) => ({
      edge: way.edge,
      untilEndDs:
        timeOf(model, way.edge) - Math.round(timeOf(model, way.edge) * Math.max(0, Math.min(1, way.sinceStart))),
    }));
}

function timeOf(model: TravelModel, edge: number): number {
  return model.edgeTimeDs[edge] as number;
}
