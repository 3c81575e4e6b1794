import {
  type NearestAnswer,
  type NearestQuery,
  type NearestUnit,
  type Position,
  ROUTE_CORNERS_MAX,
  type UnitKind,
  type UnitStatus,
} from "@wufen/contract";
import { distanceM } from "./distance.ts";
import { etaBandSeconds } from "./eta-band.ts";
import { findExclusion } from "./exclusion.ts";
import type { Arrival, TravelTimeModel } from "./travel-time-model.ts";

export const DEFAULT_NEAREST = 5;
/** So many ways are drawn: those of the units that are there first. */
export const DRAWN_ROUTES = 3;

export interface UnitOnDuty {
  readonly id: string;
  readonly no: number;
  readonly callsign: string;
  readonly kind: UnitKind;
  readonly status: UnitStatus;
  readonly fix:
    | { readonly position: Position; readonly ageMs: number; readonly accuracyM: number | undefined }
    | undefined;
}

/** [N1–N4] Who is there first, and why each other cannot win. */
export function nearestUnits(
  units: Iterable<UnitOnDuty>,
  query: NearestQuery,
  model: TravelTimeModel,
  nowMs: number,
): NearestAnswer {
  const candidates: CandidateUnit[] = [];
  const excluded: NearestAnswer["excluded"] = [];
  for (const unit of units) {
    const reason = findExclusion({ ...unit, positionAgeMs: unit.fix?.ageMs }, query.kinds);
    if (reason !== undefined) excluded.push({ unitId: unit.id, callsign: unit.callsign, reason });
    else if (unit.fix !== undefined)
      candidates.push({ id: unit.id, position: unit.fix.position, kind: unit.kind, unit });
  }
  const { arrivals, unreachable } = model.soonest(query.place, candidates, query.limit ?? DEFAULT_NEAREST);
  for (const { unit } of unreachable) {
    excluded.push({ unitId: unit.id, callsign: unit.callsign, reason: "unreachable" });
  }
  return {
    place: query.place,
    askedAtMs: nowMs,
    model: model.describe(),
    units: arrivals.map((arrival, rank) => ({
      ...toNearestUnit(arrival, query.place),
      ...(rank < DRAWN_ROUTES ? drawRoute(arrival) : {}),
    })),
    excluded,
  };
}

interface CandidateUnit {
  readonly id: string;
  readonly position: Position;
  readonly kind: UnitKind;
  readonly unit: UnitOnDuty;
}

function toNearestUnit(arrival: Arrival<CandidateUnit>, place: Position): NearestUnit {
  const { unit, position, kind } = arrival.candidate;
  const ageMs = unit.fix?.ageMs ?? 0;
  return {
    unitId: unit.id,
    no: unit.no,
    callsign: unit.callsign,
    kind,
    position,
    distanceM: arrival.distanceM,
    straightLineM: distanceM(position[0] * 1e7, position[1] * 1e7, place[0] * 1e7, place[1] * 1e7),
    etaSeconds: arrival.etaSeconds,
    etaBandSeconds: etaBandSeconds(arrival.etaSeconds, {
      kind,
      positionAgeMs: ageMs,
      accuracyM: unit.fix?.accuracyM,
      offRoadM: arrival.offRoadM,
    }),
    positionAgeSeconds: ageMs / 1000,
  };
}

/** Its line, with no more corners than the wire allows; nothing where the unit is there already. */
function drawRoute({ route }: Arrival<CandidateUnit>): Pick<NearestUnit, "route"> {
  const line = route?.() ?? [];
  if (line.length < 2) return {};
  const last = line.length - 1;
  const count = Math.min(line.length, ROUTE_CORNERS_MAX);
  const coordinates = Array.from(
    { length: count },
    (_, i): Position => line[Math.round((i * last) / (count - 1))] ?? [0, 0],
  );
  return { route: { type: "LineString", coordinates } };
}
