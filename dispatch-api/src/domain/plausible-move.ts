import { distanceM } from "./distance.ts";

/** Radius assumed where a device did not say its accuracy. */
export const UNKNOWN_ACCURACY_M = 50;
/** OwnTracks times are whole seconds: two fixes may lie this much further apart than they say. */
export const TIME_GRAIN_MS = 1000;

export interface TimedPosition {
  readonly fixedAtMs: number;
  readonly lngE7: number;
  readonly latE7: number;
  readonly accuracyDm: number | undefined;
}

/** [P5] Whether `to` can be reached from `from` at `maxSpeedKmh`, both accuracies and the grain of time allowed. */
export function isPlausibleMove(from: TimedPosition, to: TimedPosition, maxSpeedKmh: number): boolean {
  const apartMs = Math.abs(to.fixedAtMs - from.fixedAtMs) + TIME_GRAIN_MS;
  const reachM = (apartMs / 3_600_000) * maxSpeedKmh * 1000 + accuracyM(from) + accuracyM(to);
  return distanceM(from.lngE7, from.latE7, to.lngE7, to.latE7) <= reachM;
}

function accuracyM(position: TimedPosition): number {
  return position.accuracyDm === undefined ? UNKNOWN_ACCURACY_M : position.accuracyDm / 10;
}
