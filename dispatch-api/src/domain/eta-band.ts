import type { UnitKind } from "@wufen/contract";
import { UNKNOWN_ACCURACY_M } from "./plausible-move.ts";
import { responseSpeedMps } from "./straight-line-model.ts";

/** On foot, beside the roads. A setting: no source gives it. */
const OFF_ROAD_MPS = 1.2;

export interface FixOfArrival {
  readonly kind: UnitKind;
  readonly positionAgeMs: number;
  readonly accuracyM: number | undefined;
  /** Metres beside the roads that the ETA leaves out. */
  readonly offRoadM: number;
}

/**
 * [N4] Earliest and latest arrival, seconds. Since its fix the unit may have driven towards the place or away from it for as long as
 * the fix is old, and it was anywhere within the fix's accuracy. What lies beside the roads can only make it later.
 */
export function etaBandSeconds(etaSeconds: number, fix: FixOfArrival): [earliest: number, latest: number] {
  const spreadSeconds = fix.positionAgeMs / 1000 + (fix.accuracyM ?? UNKNOWN_ACCURACY_M) / responseSpeedMps(fix.kind);
  return [Math.max(0, etaSeconds - spreadSeconds), etaSeconds + spreadSeconds + fix.offRoadM / OFF_ROAD_MPS];
}
