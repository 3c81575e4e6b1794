import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readTrips, tripsWithin } from "./read-trips.ts";

const folder = mkdtempSync(join(tmpdir(), "wufen-trips-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const trip = { lats: [30.6, 30.61], lngs: [104, 104.01], time_gap: [0, 20], driverID: 7, dateID: 3, timeID: 60 };

function write(...lines: string[]): string {
  const path = join(folder, "trips.jsonl");
  writeFileSync(path, lines.join("\n"));
  return path;
}

it("reads one trip a line, with its time since the first day", () => {
  const trips = readTrips(write(JSON.stringify(trip), "", JSON.stringify({ ...trip, states: [1, 0], driverID: 8 })));
  expect(trips.map((t) => [t.driver, t.startS, t.points.length])).toEqual([
    ["7", 3 * 86_400 + 3_600, 2],
    ["8", 3 * 86_400 + 3_600, 2],
  ]);
  expect(trips[0]!.points[1]).toEqual({ afterS: 20, lng: 104.01, lat: 30.61 });
  expect(tripsWithin(trips, [103, 30, 105, 31])).toHaveLength(2);
  expect(tripsWithin(trips, [110, 30, 111, 31])).toHaveLength(0);
});

it.each([
  ["cut off", '{"lats":[30.6', /:2 is no JSON/],
  ["of another shape", '{"lat":30.6}', /:2.*required/],
  ["of unequal length", JSON.stringify({ ...trip, lats: [30.6] }), /:2: 1 lats, 2 lngs/],
  ["off the Earth", JSON.stringify({ ...trip, lats: [300, 30] }), /:2\/lats/],
])("names file and line of a trip that is %s", (_what, line, message) => {
  expect(() => readTrips(write(JSON.stringify(trip), line))).toThrow(message);
});

it("says so when there are no trips or no file", () => {
  expect(() => readTrips(write(""))).toThrow(/no trips/);
  expect(() => readTrips(join(folder, "missing"))).toThrow(/does not exist/);
});
