import type { UnitKind } from "@wufen/contract";
import { ACCESS } from "@wufen/road-network";

/** How a kind of unit moves and how often its device reports. */
export interface MotionProfile {
  /** ACCESS bit of the roads it uses. */
  access: number;
  /** Never exceeded, km/h. */
  maxSpeedKmh: number;
  /** Share of a road's free-flow speed that it drives, by temperament. */
  eagerness: [number, number];
  accelerationMs2: number;
  brakingMs2: number;
  /** How far from its home post it patrols. */
  rangeM: number;
  /** Halt at a place it has reached. */
  dwellMs: [number, number];
  /** Between fixes while moving. */
  movingFixMs: [number, number];
  /** Between fixes while standing. */
  standingFixMs: [number, number];
  /** Standard deviation of the slow part of the position error. */
  driftM: number;
  /** Mean time between phases without any fix because the handset sleeps; 0 never sleeps. */
  sleepEveryMs: number;
  batteryPercentPerHour: number;
}

const MINUTE_MS = 60_000;

export const MOTION_PROFILES: Record<UnitKind, MotionProfile> = {
  foot: {
    access: ACCESS.FOOT,
    maxSpeedKmh: 7,
    eagerness: [0.85, 1.15],
    accelerationMs2: 0.8,
    brakingMs2: 1,
    rangeM: 650,
    dwellMs: [20_000, 150_000],
    movingFixMs: [5_000, 10_000],
    standingFixMs: [15_000, 30_000],
    driftM: 3,
    sleepEveryMs: 45 * MINUTE_MS,
    batteryPercentPerHour: 9,
  },
  motorcycle: {
    access: ACCESS.MOTORCYCLE,
    maxSpeedKmh: 70,
    eagerness: [0.75, 1.02],
    accelerationMs2: 2.4,
    brakingMs2: 3,
    rangeM: 1_800,
    dwellMs: [20_000, 140_000],
    movingFixMs: [2_000, 5_000],
    standingFixMs: [12_000, 25_000],
    driftM: 2.2,
    sleepEveryMs: 0,
    batteryPercentPerHour: 6,
  },
  car: {
    access: ACCESS.CAR,
    maxSpeedKmh: 80,
    eagerness: [0.7, 0.98],
    accelerationMs2: 1.8,
    brakingMs2: 2.6,
    rangeM: 2_600,
    dwellMs: [20_000, 160_000],
    movingFixMs: [2_000, 5_000],
    standingFixMs: [12_000, 25_000],
    driftM: 1.8,
    sleepEveryMs: 0,
    batteryPercentPerHour: 0,
  },
  // On no river route yet: a boat keeps to the embankment paths at the speed of a slow launch.
  boat: {
    access: ACCESS.FOOT,
    maxSpeedKmh: 12,
    eagerness: [1, 1.3],
    accelerationMs2: 0.4,
    brakingMs2: 0.5,
    rangeM: 1_500,
    dwellMs: [60_000, 240_000],
    movingFixMs: [4_000, 8_000],
    standingFixMs: [15_000, 30_000],
    driftM: 2,
    sleepEveryMs: 0,
    batteryPercentPerHour: 0,
  },
};

/** A brisk walk. */
export const WALKING_KMH = 4.6;
