import type { Trip } from "./read-trips.ts";

export interface ReplayOptions {
  /** When the trace begins, Unix ms. */
  startMs: number;
  /** 2 plays in half the time. The device's times follow, so it seems to drive twice as fast. */
  speed: number;
  /**
   * Longest halt between two trips of a driver, in recorded ms; each driver's first trip then begins at `startMs`. Without
   * it all trips keep their distances in time.
   */
  longestPauseMs?: number;
}

export interface ReplayFix {
  driver: string;
  fixedAtMs: number;
  lng: number;
  lat: number;
  /** As recorded, between this point and the one before; absent at the beginning of a trip. */
  speedKmh: number | undefined;
  headingDeg: number | undefined;
}

/** All points of all trips at the times they are to be sent, in order; of one driver no two at the same time. */
export function replaySchedule(trips: readonly Trip[], { startMs, speed, longestPauseMs }: ReplayOptions): ReplayFix[] {
  if (!(speed > 0)) throw new RangeError(`speed ${speed}: give a factor above 0`);
  const byDriver = new Map<string, Trip[]>();
  for (const trip of trips) byDriver.set(trip.driver, [...(byDriver.get(trip.driver) ?? []), trip]);
  const firstS = trips.reduce((least, trip) => Math.min(least, trip.startS), Number.POSITIVE_INFINITY);
  const out: ReplayFix[] = [];
  for (const [driver, own] of byDriver) {
    own.sort((a, b) => a.startS - b.startS);
    // Recorded seconds that lie between the recording's clock and the replay's.
    let shiftS = longestPauseMs === undefined ? firstS : own[0]!.startS;
    let endS = 0;
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const trip of own) {
      const pauseS = trip.startS - shiftS - endS;
      if (longestPauseMs !== undefined && pauseS > longestPauseMs / 1000) shiftS += pauseS - longestPauseMs / 1000;
      for (const [k, point] of trip.points.entries()) {
        const afterS = trip.startS - shiftS + point.afterS;
        const fixedAtMs = startMs + Math.round((afterS * 1000) / speed);
        // Start times are whole minutes, so a trip may begin before the one before it ended.
        if (fixedAtMs <= lastMs) continue;
        lastMs = fixedAtMs;
        endS = afterS;
        out.push({ driver, fixedAtMs, lng: point.lng, lat: point.lat, ...courseBetween(trip.points[k - 1], point) });
      }
    }
  }
  return out.sort((a, b) => a.fixedAtMs - b.fixedAtMs || (a.driver < b.driver ? -1 : a.driver > b.driver ? 1 : 0));
}

type Point = Trip["points"][number];

function courseBetween(before: Point | undefined, now: Point): Pick<ReplayFix, "speedKmh" | "headingDeg"> {
  if (!before || now.afterS <= before.afterS) return { speedKmh: undefined, headingDeg: undefined };
  const east = (now.lng - before.lng) * 111_195 * Math.cos((now.lat * Math.PI) / 180);
  const north = (now.lat - before.lat) * 111_195;
  const metres = Math.hypot(east, north);
  const speedKmh = Math.round((metres / (now.afterS - before.afterS)) * 36) / 10;
  const headingDeg = metres < 3 ? undefined : (Math.round((Math.atan2(east, north) * 180) / Math.PI) + 360) % 360;
  return { speedKmh, headingDeg };
}
