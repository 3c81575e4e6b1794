import type { ExclusionReason, UnitKind, UnitStatus } from "@wufen/contract";
import { UNIT_KIND_SETTINGS } from "./unit-kind-settings.ts";

export interface UnitToJudge {
  readonly kind: UnitKind;
  readonly status: UnitStatus;
  /** Age of its position [P8]; undefined where it has none. */
  readonly positionAgeMs: number | undefined;
}

/** [N2] Why a unit cannot win, or undefined where it can. The first reason that a person could change comes first. */
export function findExclusion(unit: UnitToJudge, wanted: readonly UnitKind[] | undefined): ExclusionReason | undefined {
  if (unit.status === "off-duty") return "off-duty";
  if (wanted !== undefined && !wanted.includes(unit.kind)) return "kind";
  if (unit.status !== "available") return "unavailable";
  if (unit.positionAgeMs === undefined) return "no-position";
  if (isStale(unit.kind, unit.positionAgeMs)) return "stale";
  return undefined;
}

export function isStale(kind: UnitKind, positionAgeMs: number): boolean {
  return positionAgeMs > UNIT_KIND_SETTINGS[kind].staleAfterMs;
}
