import { directionsAt, type RoadPlace } from "./road-place.ts";
import { SearchSpace } from "./search-space.ts";
import { type TravelModel, UNUSABLE } from "./travel-model.ts";
import type { UnitsOnRoads } from "./units-on-roads.ts";

export interface NearestUnit {
  readonly unit: number;
  /** Driving time by road, deciseconds. */
  readonly timeDs: number;
  /** Metres of road on the way. */
  readonly distanceM: number;
  /** The edges of the way; the first and the last count in part. */
  readonly edges: readonly number[];
  readonly profile: TravelModel["profile"]["id"];
}

export interface NearestQuestion {
  /** The units of each profile. A unit stands in one of them. */
  readonly fleets: readonly NearestFleet[];
  /** Where the incident is, for each fleet: the nearest road that its profile may use. */
  readonly placeOf: (fleet: NearestFleet) => RoadPlace | undefined;
  readonly count: number;
  /** Nobody farther away is an answer. */
  readonly maxDs: number;
  /** [N2] Whether a unit may be sent at all. Asked once or twice for each unit that is met. */
  readonly isEligible: (unit: number) => boolean;
}

/** The units of one profile with what a search needs; keep it between questions. */
export interface NearestFleet {
  readonly units: UnitsOnRoads;
  readonly space: SearchSpace;
}

export function createFleet(units: UnitsOnRoads): NearestFleet {
  return { units, space: new SearchSpace(units.model.stateCount, units.model.longestStepDs) };
}

interface Candidate {
  readonly unit: number;
  readonly timeDs: number;
  readonly entry: number;
  readonly fleet: NearestFleet;
}

/**
 * The units that reach a place first, by road time [N1]; ties go to the smaller number [N3]. One search against the
 * traffic from the place for each profile, which ends when nobody farther out can be among the best.
 */
export function nearestUnits(question: NearestQuestion): NearestUnit[] {
  const best: Candidate[] = [];
  if (question.count < 1) return [];
  try {
    for (const fleet of question.fleets) {
      const place = question.placeOf(fleet);
      if (place) searchFleet(fleet, place, question, best);
    }
    return best.map((candidate) => describe(candidate, question));
  } finally {
    for (const { space } of question.fleets) space.reset();
  }
}

function searchFleet(fleet: NearestFleet, place: RoadPlace, question: NearestQuestion, best: Candidate[]): void {
  const { units, space } = fleet;
  const { model } = units;
  const { previousStart, previousState, previousTurnDs, edgeTimeDs, stateEdge } = model;
  const { edgeCount } = model.graph;
  const { count, maxDs, isEligible } = question;
  let boundDs = boundOf(best, count, maxDs);

  const meet = (entry: number, timeDs: number) => {
    const unit = entry >> 1;
    if (timeDs > boundDs || !isEligible(unit)) return;
    insert(best, { unit, timeDs, entry, fleet }, count);
    boundDs = boundOf(best, count, maxDs);
  };

  for (const target of directionsAt(model, place)) {
    for (let entry = units.firstEntry[target.edge] as number; entry >= 0; entry = units.nextEntry(entry)) {
      const ahead = units.untilEndDs(entry) - target.untilEndDs;
      if (ahead >= 0) meet(entry, ahead);
    }
    for (const state of [target.edge, ...(model.copiesOfEdge.get(target.edge) ?? [])]) {
      for (let i = previousStart[state] as number; i < (previousStart[state + 1] as number); i++) {
        space.reach(previousState[i] as number, (previousTurnDs[i] as number) + target.sinceStartDs, -1 - state);
      }
    }
  }
  for (let state = space.settle(); state >= 0; state = space.settle()) {
    const timeDs = space.timeDs[state] as number;
    // A unit at the very end of its edge ties with the bound, so the bound itself is still looked at.
    if (timeDs > boundDs) return;
    if (state < edgeCount) {
      for (let entry = units.firstEntry[state] as number; entry >= 0; entry = units.nextEntry(entry)) {
        meet(entry, timeDs + units.untilEndDs(entry));
      }
    }
    const atStartDs = timeDs + (edgeTimeDs[stateEdge[state] as number] as number);
    if (atStartDs > boundDs) continue;
    const end = previousStart[state + 1] as number;
    for (let i = previousStart[state] as number; i < end; i++) {
      space.reach(previousState[i] as number, atStartDs + (previousTurnDs[i] as number), state);
    }
  }
}

function boundOf(best: readonly Candidate[], count: number, maxDs: number): number {
  return best.length < count ? maxDs : Math.min(maxDs, (best[count - 1] as Candidate).timeDs);
}

/** Keeps the list sorted by time and number, a unit once, at most `count` long. */
function insert(best: Candidate[], candidate: Candidate, count: number): void {
  const known = best.findIndex(({ unit }) => unit === candidate.unit);
  if (known >= 0) {
    if ((best[known] as Candidate).timeDs <= candidate.timeDs) return;
    best.splice(known, 1);
  }
  let at = best.length;
  while (at > 0 && isBefore(candidate, best[at - 1] as Candidate)) at--;
  best.splice(at, 0, candidate);
  if (best.length > count) best.length = count;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.timeDs < b.timeDs || (a.timeDs === b.timeDs && a.unit < b.unit);
}

function describe({ unit, timeDs, entry, fleet }: Candidate, question: NearestQuestion): NearestUnit {
  const { units, space } = fleet;
  const { model } = units;
  const { graph } = model;
  const first = units.edgeOf(entry);
  const place = question.placeOf(fleet) as RoadPlace;
  const edges = [first];
  const targets = directionsAt(model, place);
  const own = targets.find(({ edge }) => edge === first);
  const isDirect = own !== undefined && units.untilEndDs(entry) >= own.untilEndDs;
  if (!isDirect) {
    let state = first;
    for (;;) {
      const next = space.parent[state] as number;
      state = next < 0 ? -1 - next : next;
      edges.push(model.stateEdge[state] as number);
      if (next < 0) break;
    }
  }
  const last = targets.find(({ edge }) => edge === edges[edges.length - 1]);
  let dm = 0;
  for (const edge of edges) dm += graph.edgeLengthDm[edge] as number;
  dm -= partDm(model, first, (model.edgeTimeDs[first] as number) - units.untilEndDs(entry));
  if (last) dm -= partDm(model, last.edge, last.untilEndDs);
  return { unit, timeDs, distanceM: Math.max(0, Math.round(dm / 10)), edges, profile: model.profile.id };
}

function partDm({ graph, edgeTimeDs }: TravelModel, edge: number, timeDs: number): number {
  const whole = edgeTimeDs[edge] as number;
  return whole === UNUSABLE ? 0 : ((graph.edgeLengthDm[edge] as number) * timeDs) / whole;
}
