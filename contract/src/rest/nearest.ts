import { type Static, Type } from "typebox";
import { Position, UnitKind } from "../kinds.ts";

/** Which model gave an answer: the road graph of a version, or straight line × detour factor where there is none [N6]. */
export const TravelModel = Type.Union([
  Type.Object({ kind: Type.Literal("straight-line"), detourFactor: Type.Number() }),
  Type.Object({ kind: Type.Literal("road"), graphVersion: Type.String() }),
]);
export type TravelModel = Static<typeof TravelModel>;

export const NearestQuery = Type.Object(
  {
    place: Position,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
    kinds: Type.Optional(Type.Array(UnitKind, { minItems: 1, maxItems: 4 })),
  },
  { additionalProperties: false },
);
export type NearestQuery = Static<typeof NearestQuery>;

/** Why a unit was left out of an answer [N2]. */
export const EXCLUSION_REASONS = ["no-position", "stale", "off-duty", "unavailable", "kind", "unreachable"] as const;
export const ExclusionReason = Type.Enum([...EXCLUSION_REASONS]);
export type ExclusionReason = (typeof EXCLUSION_REASONS)[number];

/** Most corners of a route; a longer one is drawn with fewer. */
export const ROUTE_CORNERS_MAX = 2000;

export const NearestUnit = Type.Object({
  unitId: Type.String(),
  no: Type.Integer(),
  callsign: Type.String(),
  kind: UnitKind,
  position: Position,
  /** Along the way the model takes, metres. */
  distanceM: Type.Number(),
  straightLineM: Type.Number(),
  etaSeconds: Type.Number(),
  /** Earliest and latest arrival the fix's age and accuracy allow [N4], seconds. */
  etaBandSeconds: Type.Tuple([Type.Number(), Type.Number()]),
  positionAgeSeconds: Type.Number(),
  /** The way by road, from the road next to the unit to the road next to the place; of the first few only. */
  route: Type.Optional(
    Type.Object({
      type: Type.Literal("LineString"),
      coordinates: Type.Array(Position, { minItems: 2, maxItems: ROUTE_CORNERS_MAX }),
    }),
  ),
});
export type NearestUnit = Static<typeof NearestUnit>;

export const NearestAnswer = Type.Object({
  place: Position,
  askedAtMs: Type.Number(),
  model: TravelModel,
  units: Type.Array(NearestUnit),
  excluded: Type.Array(Type.Object({ unitId: Type.String(), callsign: Type.String(), reason: ExclusionReason })),
});
export type NearestAnswer = Static<typeof NearestAnswer>;

/** The area from which a place is reached, or which a unit reaches, within some minutes. */
export const ResponseAreaQuery = Type.Object(
  {
    from: Type.Union([Type.Object({ unitId: Type.String() }), Type.Object({ place: Position, kind: UnitKind })]),
    minutes: Type.Optional(Type.Array(Type.Number({ minimum: 0.5, maximum: 30 }), { minItems: 1, maxItems: 5 })),
  },
  { additionalProperties: false },
);
export type ResponseAreaQuery = Static<typeof ResponseAreaQuery>;

const Ring = Type.Array(Position, { minItems: 4 });
export const ResponseArea = Type.Object({
  model: TravelModel,
  center: Position,
  kind: UnitKind,
  rings: Type.Array(
    Type.Object({
      minutes: Type.Number(),
      geometry: Type.Object({ type: Type.Literal("MultiPolygon"), coordinates: Type.Array(Type.Array(Ring)) }),
    }),
  ),
});
export type ResponseArea = Static<typeof ResponseArea>;
