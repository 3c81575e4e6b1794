import type { UnitOnDuty } from "../domain/nearest-units.ts";
import { positionAgeMs } from "../domain/position-age.ts";
import { UNKNOWN_U16 } from "./device-columns.ts";
import type { LiveState } from "./live-state.ts";
import type { Registry, UnitRecord } from "./registry.ts";

/** Every unit with where it is now, as the questions of dispatch need them. */
export function* listUnitsNow(registry: Registry, live: LiveState, nowMs: number): Generator<UnitOnDuty> {
  for (const unit of registry.units.values()) yield { ...unit, fix: findFixNow(unit, live, nowMs) };
}

/** A unit's believed position and its age; undefined where it has none, and off duty. */
export function findFixNow(unit: UnitRecord, live: LiveState, nowMs: number): UnitOnDuty["fix"] {
  const { devices } = live;
  const no = unit.deviceNo;
  if (no === null || unit.status === "off-duty" || devices.hasFix[no] !== 1) return undefined;
  const accuracyDm = devices.accuracyDm[no];
  return {
    position: [(devices.lngE7[no] ?? 0) / 1e7, (devices.latE7[no] ?? 0) / 1e7],
    ageMs: positionAgeMs(live.measuredAtMs(no), nowMs),
    accuracyM: accuracyDm === undefined || accuracyDm === UNKNOWN_U16 ? undefined : accuracyDm / 10,
  };
}
