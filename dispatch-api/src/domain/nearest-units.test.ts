import { distance } from "@turf/turf";
import { type ExclusionReason, type Position, UNIT_STATUSES } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestUnits, type UnitOnDuty } from "./nearest-units.ts";
import { createStraightLineModel, responseSpeedMps } from "./straight-line-model.ts";
import type { TravelTimeModel } from "./travel-time-model.ts";
import { DETOUR_FACTOR, UNIT_KIND_SETTINGS, UNIT_KINDS } from "./unit-kind-settings.ts";

const PLACE: Position = [114.3, 30.6];
const model = createStraightLineModel();
const unit = (no: number, more: Partial<UnitOnDuty> = {}): UnitOnDuty => ({
  id: `u-${String(no).padStart(4, "0")}`,
  no,
  callsign: `P${no}`,
  kind: "car",
  status: "available",
  fix: { position: [114.3, 30.61], ageMs: 1000, accuracyM: 10 },
  ...more,
});
const ask = (units: readonly UnitOnDuty[], more = {}) => nearestUnits(units, { place: PLACE, ...more }, model, 0);

const units = fc.array(
  fc.record({
    kind: fc.constantFrom(...UNIT_KINDS),
    status: fc.constantFrom(...UNIT_STATUSES),
    ageMs: fc.integer({ min: 0, max: 400_000 }),
    // A coarse grid, so that there are ties.
    east: fc.integer({ min: -3, max: 3 }),
    placed: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("the nearest units", () => {
  it("[N1, N2, N3] are those of an exhaustive search by an obvious second way", () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 10 }), (drawn, limit) => {
        const all = drawn.map(({ kind, status, ageMs, east, placed }, i) =>
          unit(i + 1, {
            kind,
            status,
            fix: placed ? { position: [114.3 + east / 100, 30.6], ageMs, accuracyM: 5 } : undefined,
          }),
        );
        const able = all.flatMap((one) => {
          const { fix } = one;
          if (fix === undefined || one.status !== "available") return [];
          if (fix.ageMs > UNIT_KIND_SETTINGS[one.kind].staleAfterMs) return [];
          const metres = distance(fix.position, PLACE, { units: "meters" }) * DETOUR_FACTOR;
          return [{ id: one.id, seconds: metres / responseSpeedMps(one.kind) }];
        });
        able.sort((a, b) => (a.seconds === b.seconds ? a.id.localeCompare(b.id) : a.seconds - b.seconds));
        const answer = ask(all, { limit });
        expect(answer.units.map(({ unitId }) => unitId)).toEqual(able.slice(0, limit).map(({ id }) => id));
        expect(answer.excluded).toHaveLength(all.length - able.length);
      }),
    );
  });

  it("[N2] say why each other unit is left out", () => {
    const stale = { position: PLACE, ageMs: 600_000, accuracyM: 5 };
    const cases: [Partial<UnitOnDuty>, ExclusionReason][] = [
      [{ status: "off-duty" }, "off-duty"],
      [{ status: "en-route" }, "unavailable"],
      [{ status: "on-scene" }, "unavailable"],
      [{ status: "busy" }, "unavailable"],
      [{ status: "emergency" }, "unavailable"],
      [{ fix: undefined }, "no-position"],
      [{ fix: stale }, "stale"],
      [{ kind: "boat" }, "kind"],
    ];
    const { excluded, units: won } = ask(
      cases.map(([more], i) => unit(i + 1, more)),
      { kinds: ["car"] },
    );
    expect(won).toEqual([]);
    expect(excluded.map(({ reason }) => reason)).toEqual(cases.map(([, reason]) => reason));
  });

  it("[N3] give a tie to the smaller id", () => {
    expect(ask([unit(3), unit(1), unit(2)]).units.map(({ no }) => no)).toEqual([1, 2, 3]);
  });

  it("[N4] have a band that age and bad accuracy widen, around the time itself", () => {
    const at = (ageMs: number, accuracyM: number) => {
      const fix = { position: [114.3, 30.65] as Position, ageMs, accuracyM };
      return ask([unit(1, { fix })]).units[0];
    };
    const width = (one: ReturnType<typeof at>) => (one?.etaBandSeconds[1] ?? 0) - (one?.etaBandSeconds[0] ?? 0);
    const fresh = at(0, 5);
    expect(fresh?.etaBandSeconds[0]).toBeLessThan(fresh?.etaSeconds ?? 0);
    expect(fresh?.etaBandSeconds[1]).toBeGreaterThan(fresh?.etaSeconds ?? 0);
    expect(width(at(60_000, 5))).toBeGreaterThan(width(fresh));
    expect(width(at(0, 500))).toBeGreaterThan(width(fresh));
    expect(at(119_000, 65_000)?.etaBandSeconds[0]).toBe(0);
  });

  it("draw the ways of the first three, a long one with fewer corners", () => {
    const line = Array.from({ length: 30_001 }, (_, i): Position => [i / 1000, 0]);
    const winding: TravelTimeModel = {
      ...model,
      soonest: (_, candidates) => ({
        arrivals: candidates.map((candidate) => ({
          ...{ candidate, distanceM: 1, etaSeconds: 1, offRoadM: 0 },
          route: () => line,
        })),
        unreachable: [],
      }),
    };
    const four = [1, 2, 3, 4].map((no) => unit(no));
    const drawn = nearestUnits(four, { place: PLACE }, winding, 0).units.map(({ route }) => route?.coordinates);
    expect(drawn.map((corners) => corners?.length)).toEqual([2000, 2000, 2000, undefined]);
    expect([drawn[0]?.[0], drawn[0]?.[1000], drawn[0]?.at(-1)]).toEqual([
      [0, 0],
      [15.008, 0],
      [30, 0],
    ]);
    expect(ask(four).units.every(({ route }) => route === undefined)).toBe(true);
  });

  it("[N6] say that they rest on a straight line, and how long that is", () => {
    const answer = ask([unit(1)]);
    expect(answer.model).toEqual({ kind: "straight-line", detourFactor: DETOUR_FACTOR });
    const [first] = answer.units;
    expect(first?.distanceM).toBeCloseTo((first?.straightLineM ?? 0) * DETOUR_FACTOR, 3);
  });

  it("[N6] an area is a circle of the kind's speed around the place", async () => {
    const { coordinates } = await model.areaWithin(PLACE, "car", 5, "from-center");
    const radiusM = (responseSpeedMps("car") * 300) / DETOUR_FACTOR;
    for (const corner of coordinates[0]?.[0] ?? []) {
      expect(distance(corner, PLACE, { units: "meters" })).toBeCloseTo(radiusM, 2);
    }
  });
});
