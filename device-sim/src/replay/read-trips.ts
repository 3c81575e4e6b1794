import { existsSync, readFileSync } from "node:fs";
import { Type } from "typebox";
import { Value } from "typebox/value";

/** One recorded trip; positions in the datum of the recording. */
export interface Trip {
  driver: string;
  /** Seconds since the beginning of the recording's first day. */
  startS: number;
  points: { afterS: number; lng: number; lat: number }[];
}

/** A line of a DeepTTE trace file (UrbComp/DeepTTE, data/README): one trip. */
const TraceLine = Type.Object({
  lats: Type.Array(Type.Number({ minimum: -90, maximum: 90 })),
  lngs: Type.Array(Type.Number({ minimum: -180, maximum: 180 })),
  time_gap: Type.Array(Type.Number({ minimum: 0 })),
  driverID: Type.Integer(),
  dateID: Type.Integer(),
  timeID: Type.Integer({ description: "minute of the day" }),
});

/** @throws Error that names the file, the line and what is wrong with it. */
export function readTrips(path: string): Trip[] {
  if (!existsSync(path)) throw new Error(`--traces ${path} does not exist`);
  const trips: Trip[] = [];
  for (const [i, line] of readFileSync(path, "utf8").split("\n").entries()) {
    if (line.trim() === "") continue;
    const trace = readLine(line, `${path}:${i + 1}`);
    trips.push({
      driver: String(trace.driverID),
      startS: trace.dateID * 86_400 + trace.timeID * 60,
      points: trace.time_gap.map((afterS, k) => ({ afterS, lng: trace.lngs[k]!, lat: trace.lats[k]! })),
    });
  }
  if (trips.length === 0) throw new Error(`${path} holds no trips; give a file with one JSON trip a line`);
  return trips;
}

function readLine(line: string, where: string) {
  let trace: unknown;
  try {
    trace = JSON.parse(line);
  } catch (error) {
    throw new Error(`${where} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Value.Check(TraceLine, trace)) {
    const [first] = Value.Errors(TraceLine, trace);
    throw new Error(`${where}${first?.instancePath ?? ""}: ${first?.message ?? "not a trip"}`);
  }
  const { lats, lngs, time_gap } = trace;
  if (lats.length !== lngs.length || lats.length !== time_gap.length) {
    throw new Error(
      `${where}: ${lats.length} lats, ${lngs.length} lngs and ${time_gap.length} times; they must be as many`,
    );
  }
  return trace;
}

/** Trips with at least half of their points within west, south, east, north. */
export function tripsWithin(trips: readonly Trip[], [west, south, east, north]: readonly number[]): Trip[] {
  return trips.filter(({ points }) => {
    const inside = points.filter((p) => p.lng >= west! && p.lng <= east! && p.lat >= south! && p.lat <= north!);
    return inside.length * 2 >= points.length && points.length > 0;
  });
}
