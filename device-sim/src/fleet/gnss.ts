import { between, chance, normal, type Random } from "../random.ts";
import type { TruePosition } from "./motion.ts";
import type { MotionProfile } from "./motion-profile.ts";

/** What a receiver says. */
export interface Measured {
  lng: number;
  lat: number;
  accuracyM: number;
  speedKmh: number;
  headingDeg: number | undefined;
}

const DRIFT_TAU_MS = 45_000;
const WHITE_M = 0.7;
const OUTLIER_SHARE = 1 / 1_500;

/** Position error with a memory (a slow drift) plus white noise, and rarely a reflection far away. */
export function createReceiver(profile: MotionProfile, random: Random) {
  let lastMs = 0;
  let east = normal(random) * profile.driftM;
  let north = normal(random) * profile.driftM;
  let sky = between(random, 0.8, 1.6);
  return (truth: TruePosition, atMs: number): Measured => {
    const keep = Math.exp(-(atMs - lastMs) / DRIFT_TAU_MS);
    const fresh = Math.sqrt(1 - keep * keep) * profile.driftM;
    lastMs = atMs;
    east = east * keep + normal(random) * fresh * sky;
    north = north * keep + normal(random) * fresh * sky;
    sky = Math.max(0.7, Math.min(2.2, sky + normal(random) * 0.05));
    let dx = east + normal(random) * WHITE_M;
    let dy = north + normal(random) * WHITE_M;
    let accuracyM = 3 + profile.driftM * sky * between(random, 0.9, 1.4);
    if (chance(random, OUTLIER_SHARE)) {
      const angle = between(random, 0, 2 * Math.PI);
      const far = between(random, 350, 1_600);
      dx += Math.cos(angle) * far;
      dy += Math.sin(angle) * far;
      accuracyM = between(random, 18, 60);
    }
    const speedKmh = Math.max(0, truth.speedMs * 3.6 + (truth.speedMs > 0.3 ? normal(random) * 0.6 : 0));
    const isMoving = truth.speedMs > 0.3;
    return {
      lng: truth.lng + dx / (111_195 * Math.cos((truth.lat * Math.PI) / 180)),
      lat: truth.lat + dy / 111_195,
      accuracyM: Math.round(accuracyM * 10) / 10,
      speedKmh: Math.min(profile.maxSpeedKmh, Math.round(speedKmh * 10) / 10),
      headingDeg: isMoving ? (Math.round((truth.headingDeg + normal(random) * 2 + 360) * 10) / 10) % 360 : undefined,
    };
  };
}
