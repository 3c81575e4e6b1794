/** [P8] When a position was measured, on our clock: device time corrected by the device's clock offset, never after its receipt. */
export function measuredAtMs(fixedAtMs: number, clockOffsetMs: number, receivedAtMs: number): number {
  return Math.min(fixedAtMs - clockOffsetMs, receivedAtMs);
}

/** [P8] Age of a position, ms: never less than the time since its receipt, never negative. */
export function positionAgeMs(measuredMs: number, nowMs: number): number {
  return Math.max(0, nowMs - measuredMs);
}
