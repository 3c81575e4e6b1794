import { ACCESS } from "../graph/access.ts";
import { ROAD_CLASSES, type RoadClass } from "../graph/road-class.ts";
import type { RoadGraph } from "../graph/road-graph.ts";

export type TravelProfileId = "car" | "motorcycle" | "emergency" | "foot";

/** How a kind of unit moves. Speeds are free-flow; calibration may replace them. */
export interface TravelProfile {
  readonly id: TravelProfileId;
  /** ACCESS bit an edge must carry. */
  readonly access: number;
  /** Whether the unit is stopped by bollards and locked gates. */
  readonly isVehicle: boolean;
  /** Whether turn restrictions bind it. */
  readonly obeysRestrictions: boolean;
  /** Factor on the road's speed (limit where tagged, else the class's). */
  readonly speedFactor: number;
  /** Speeds by class that replace the road's, km/h. */
  readonly classSpeedKmh: Partial<Readonly<Record<RoadClass, number>>>;
  /** No road is driven faster, km/h. */
  readonly maxSpeedKmh: number;
  /** Seconds of the sharpest turn; a sigmoid below it. 0 for none. */
  readonly turnSeconds: number;
  /** Turning back where the road ends, seconds. */
  readonly uTurnSeconds: number;
  /** Mean delay at a traffic signal, seconds. */
  readonly signalSeconds: number;
}

const WALKED: TravelProfile["classSpeedKmh"] = Object.fromEntries(
  ROAD_CLASSES.map((name) => [name, name === "steps" ? 2.5 : 5]),
);

/** Turn, U-turn and signal delays of a car are those of OSRM's car profile. */
export const TRAVEL_PROFILES: Readonly<Record<TravelProfileId, TravelProfile>> = {
  car: {
    id: "car",
    access: ACCESS.CAR,
    isVehicle: true,
    obeysRestrictions: true,
    speedFactor: 1,
    classSpeedKmh: {},
    maxSpeedKmh: 130,
    turnSeconds: 7.5,
    uTurnSeconds: 20,
    signalSeconds: 2,
  },
  motorcycle: {
    id: "motorcycle",
    access: ACCESS.MOTORCYCLE,
    isVehicle: true,
    obeysRestrictions: true,
    speedFactor: 1,
    classSpeedKmh: {},
    maxSpeedKmh: 110,
    turnSeconds: 5,
    uTurnSeconds: 6,
    signalSeconds: 2,
  },
  emergency: {
    id: "emergency",
    access: ACCESS.EMERGENCY,
    isVehicle: true,
    obeysRestrictions: false,
    speedFactor: 1.2,
    classSpeedKmh: { pedestrian: 15, living_street: 20, service: 20 },
    maxSpeedKmh: 140,
    turnSeconds: 5,
    uTurnSeconds: 10,
    signalSeconds: 1,
  },
  foot: {
    id: "foot",
    access: ACCESS.FOOT,
    isVehicle: false,
    obeysRestrictions: false,
    speedFactor: 1,
    classSpeedKmh: WALKED,
    maxSpeedKmh: 5,
    turnSeconds: 0,
    uTurnSeconds: 0,
    signalSeconds: 5,
  },
};

/** Deciseconds from an edge's first node to its last, at least 1. */
export function edgeTimeDs(graph: RoadGraph, profile: TravelProfile, edge: number): number {
  const name = ROAD_CLASSES[graph.edgeClass[edge] as number] as RoadClass;
  const road = profile.classSpeedKmh[name] ?? (graph.edgeSpeedKmh[edge] as number) * profile.speedFactor;
  const speedKmh = Math.max(1, Math.min(road, profile.maxSpeedKmh));
  // dm / (km/h) × 3.6 / 10 s = 0.36 s, in deciseconds 3.6.
  return Math.max(1, Math.round(((graph.edgeLengthDm[edge] as number) * 3.6) / speedKmh));
}

/** Right-hand traffic: left turns cross the oncoming lane. */
const TURN_BIAS = 1.075;

/**
 * Deciseconds of a turn by its angle in degrees, 0 straight on, positive to the right, ±180 back.
 * Formula: OSRM, profiles/car.lua, process_turn.
 */
export function turnTimeDs(profile: TravelProfile, angleDeg: number): number {
  const exponent =
    angleDeg >= 0
      ? ((13 / TURN_BIAS) * angleDeg) / 180 - 6.5 * TURN_BIAS
      : (13 * TURN_BIAS * -angleDeg) / 180 - 6.5 / TURN_BIAS;
  return Math.round((profile.turnSeconds * 10) / (1 + Math.exp(-exponent)));
}
