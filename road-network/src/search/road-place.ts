import { type TravelModel, UNUSABLE } from "./travel-model.ts";

/** A position on a road: metres from the first node of an edge, as nearestRoadDistanceM gives it. Which of the segment's two directions `edge` is does not matter. */
export interface RoadPlace {
  readonly edge: number;
  readonly alongM: number;
}

/** A place as one direction of its segment sees it. */
export interface DirectedPlace {
  readonly edge: number;
  /** From the edge's first node to the place. */
  readonly sinceStartDs: number;
  /** From the place to the edge's last node. */
  readonly untilEndDs: number;
}

/** The one or two directions in which a profile may pass a place. */
export function directionsAt(model: TravelModel, { edge, alongM }: RoadPlace): DirectedPlace[] {
  const lengthM = (model.graph.edgeLengthDm[edge] as number) / 10;
  const share = Math.min(1, Math.max(0, alongM / lengthM));
  const places: DirectedPlace[] = [];
  for (const [direction, along] of [
    [edge, share],
    [edge ^ 1, 1 - share],
  ] as const) {
    const timeDs = model.edgeTimeDs[direction] as number;
    if (timeDs === UNUSABLE) continue;
    const sinceStartDs = Math.round(timeDs * along);
    places.push({ edge: direction, sinceStartDs, untilEndDs: timeDs - sinceStartDs });
  }
  return places;
}
