import type { Tags } from "../osm/elements.ts";
import { isDrivable, isMotorRoad, isMotorway, ROAD_CLASSES } from "./road-class.ts";

/** Who may use a directed edge; bits of `edgeAccess`. */
export const ACCESS = {
  /** Ordinary cars. */
  CAR: 1,
  /** On foot. */
  FOOT: 2,
  /** Motorcycles. */
  MOTORCYCLE: 4,
  /** Emergency driving: also private roads and pedestrian streets, never against a one-way. */
  EMERGENCY: 8,
  /** Ordinary cars may come here only with a destination on it (access=destination, customers, delivery, permit). */
  DESTINATION: 16,
} as const;

export interface WayAccess {
  readonly forward: number;
  readonly backward: number;
}

const NO: ReadonlySet<string> = new Set([
  "no",
  "private",
  "agricultural",
  "forestry",
  "military",
  "emergency",
  "use_sidepath",
]);
const DESTINATION: ReadonlySet<string> = new Set(["destination", "customers", "delivery", "permit", "residents"]);
/** The way itself is gone or blocked, so a siren does not help either. */
const NEVER: ReadonlySet<string> = new Set(["military"]);

/** Access of both directions of a way, by https://wiki.openstreetmap.org/wiki/Key:access: the more special key wins. */
export function accessOf(tags: Tags, roadClass: number): WayAccess {
  const general = tags.get("access");
  const vehicle = tags.get("vehicle") ?? general;
  const motor = tags.get("motor_vehicle");
  const car = tags.get("motorcar") ?? motor;
  const motorcycle = tags.get("motorcycle") ?? motor;
  const foot = tags.get("foot") ?? general;

  let driven = 0;
  if (admits(car, vehicle, roadClass)) driven |= ACCESS.CAR;
  if (admits(motorcycle, vehicle, roadClass)) driven |= ACCESS.MOTORCYCLE;
  const isClosed = NEVER.has(car ?? vehicle ?? "");
  if ((isDrivable(roadClass) || (driven & ACCESS.CAR) !== 0) && !isClosed) driven |= ACCESS.EMERGENCY;
  if ((driven & ACCESS.CAR) !== 0 && DESTINATION.has(car ?? vehicle ?? "")) driven |= ACCESS.DESTINATION;

  const walked = allows(foot, !isMotorway(roadClass)) ? ACCESS.FOOT : 0;
  const direction = directionOf(tags, roadClass);
  const walkedOneWay = tags.get("oneway:foot") === "yes";
  return {
    forward: (direction >= 0 ? driven : 0) | (walkedOneWay && direction < 0 ? 0 : walked),
    backward: (direction <= 0 ? driven : 0) | (walkedOneWay && direction > 0 ? 0 : walked),
  };
}

/** 1 along the way only, −1 against it only, 0 both. Motorways and roundabouts are one-way unless tagged otherwise. */
export function directionOf(tags: Tags, roadClass: number): -1 | 0 | 1 {
  const oneway = tags.get("oneway");
  if (oneway === "yes" || oneway === "true" || oneway === "1") return 1;
  if (oneway === "-1" || oneway === "reverse") return -1;
  if (oneway === "no" || oneway === "false" || oneway === "0") return 0;
  const junction = tags.get("junction");
  if (junction === "roundabout" || junction === "circular" || isMotorway(roadClass)) return 1;
  return 0;
}

/** Only a sign for motor traffic itself opens a path to it: “access=yes” on a footway speaks of walkers. */
function admits(motor: string | undefined, vehicle: string | undefined, roadClass: number): boolean {
  if (ROAD_CLASSES[roadClass] === "steps") return false;
  return isMotorRoad(roadClass) ? allows(motor ?? vehicle, true) : allows(motor, false);
}

function allows(value: string | undefined, usual: boolean): boolean {
  if (value === undefined || value === "unknown") return usual;
  if (NO.has(value)) return false;
  return usual || value === "yes" || value === "designated" || value === "permissive" || DESTINATION.has(value);
}

/** Barriers that let nobody but walkers through unless they are tagged otherwise. */
const CLOSED_BARRIERS: ReadonlySet<string> = new Set([
  "block",
  "bollard",
  "bus_trap",
  "chain",
  "cycle_barrier",
  "debris",
  "fence",
  "full-height_turnstile",
  "hampshire_gate",
  "jersey_barrier",
  "kissing_gate",
  "log",
  "motorcycle_barrier",
  "rope",
  "stile",
  "sump_buster",
  "turnstile",
  "wall",
]);

/** Whether a node stops cars: a closed barrier, or a gate that is locked or private. */
export function isCarBarrier(tags: Tags): boolean {
  const barrier = tags.get("barrier");
  if (barrier === undefined) return false;
  const car = tags.get("motorcar") ?? tags.get("motor_vehicle") ?? tags.get("vehicle") ?? tags.get("access");
  if (car !== undefined && car !== "unknown") return NO.has(car);
  return CLOSED_BARRIERS.has(barrier) || tags.get("locked") === "yes";
}
