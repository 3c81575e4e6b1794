import { circle, distance } from "@turf/turf";
import type { Position, UnitKind } from "@wufen/contract";
import type { Arrival, Candidate, TravelTimeModel } from "./travel-time-model.ts";
import { DETOUR_FACTOR, UNIT_KIND_SETTINGS } from "./unit-kind-settings.ts";

const CIRCLE_STEPS = 72;

/** Straight line × detour factor at the kind's speed; areas are circles. The answers say so [N6]. */
export function createStraightLineModel(detourFactor: number = DETOUR_FACTOR): TravelTimeModel {
  return {
    describe: () => ({ kind: "straight-line", detourFactor }),
    soonest(place, candidates, limit) {
      const arrivals = candidates.map((candidate) => arrival(candidate, place, detourFactor));
      arrivals.sort(compareArrivals);
      return { arrivals: arrivals.slice(0, limit), unreachable: [] };
    },
    async areaWithin(center, kind, minutes) {
      const radiusM = (responseSpeedMps(kind) * minutes * 60) / detourFactor;
      const { geometry } = circle(center, radiusM, { units: "meters", steps: CIRCLE_STEPS });
      return { type: "MultiPolygon", coordinates: [geometry.coordinates.map((ring) => ring.map(toPosition))] };
    },
  };
}

/** Soonest first; ties to the smaller id [N3]. */
export function compareArrivals(a: Arrival<Candidate>, b: Arrival<Candidate>): number {
  return a.etaSeconds - b.etaSeconds || (a.candidate.id < b.candidate.id ? -1 : 1);
}

export function responseSpeedMps(kind: UnitKind): number {
  return UNIT_KIND_SETTINGS[kind].responseSpeedKmh / 3.6;
}

function arrival<C extends Candidate>(candidate: C, place: Position, detourFactor: number): Arrival<C> {
  const distanceM = distance(candidate.position, place, { units: "meters" }) * detourFactor;
  return { candidate, distanceM, etaSeconds: distanceM / responseSpeedMps(candidate.kind), offRoadM: 0 };
}

function toPosition([lng = 0, lat = 0]: number[]): Position {
  return [lng, lat];
}
