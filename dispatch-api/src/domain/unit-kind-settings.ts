import type { UnitKind } from "@wufen/contract";

/** What differs by the kind of unit. Settings, not facts: no source gives them. */
export interface UnitKindSettings {
  /** [P5] A jump faster than this, beyond both accuracies, is implausible. */
  readonly maxSpeedKmh: number;
  /** Along the way, on the way to an incident: straight-line answers [N6]. */
  readonly responseSpeedKmh: number;
  /** [N2] A position older than this never wins. */
  readonly staleAfterMs: number;
}

export const UNIT_KINDS = ["foot", "motorcycle", "car", "boat"] as const satisfies readonly UnitKind[];

export const UNIT_KIND_SETTINGS: Record<UnitKind, UnitKindSettings> = {
  foot: { maxSpeedKmh: 45, responseSpeedKmh: 6, staleAfterMs: 180_000 },
  motorcycle: { maxSpeedKmh: 220, responseSpeedKmh: 40, staleAfterMs: 120_000 },
  car: { maxSpeedKmh: 250, responseSpeedKmh: 36, staleAfterMs: 120_000 },
  boat: { maxSpeedKmh: 110, responseSpeedKmh: 25, staleAfterMs: 180_000 },
};

/** Speed nothing exceeds: for a device without a unit, and for agreement among doubted fixes (a foot patrol may get a lift). */
export const FASTEST_KMH = Math.max(...Object.values(UNIT_KIND_SETTINGS).map((kind) => kind.maxSpeedKmh));

/** Length of the way over the straight line, where no roads are loaded [N6]. */
export const DETOUR_FACTOR = 1.4;
