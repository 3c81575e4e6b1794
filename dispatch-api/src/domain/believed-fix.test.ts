import { FIX_FLAG, type Fix } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Belief, believe, compareFixes } from "./believed-fix.ts";

const CAR_KMH = 250;
const NOBODY: Belief = { believed: undefined, doubted: [] };

function fix(fixedAtS: number, eastM = 0, more: Partial<Fix> = {}): Fix {
  return {
    deviceNo: 1,
    fixedAtMs: fixedAtS * 1000,
    seq: 0,
    receivedAtMs: fixedAtS * 1000 + 300,
    // 1e-7 degree of longitude at the equator is 1.11 cm.
    lngE7: Math.round(eastM * 89.93),
    latE7: 0,
    accuracyDm: 100,
    speedCms: undefined,
    headingCdeg: undefined,
    altitudeM: undefined,
    batteryPercent: undefined,
    clockOffsetMs: undefined,
    flags: 0,
    ...more,
  };
}

function fold(fixes: readonly Fix[], maxSpeedKmh = CAR_KMH) {
  let belief = NOBODY;
  const verdicts = fixes.map((next) => {
    const after = believe(belief, next, maxSpeedKmh);
    belief = after.belief;
    return after.verdict;
  });
  return { belief, verdicts };
}

describe("the believed fix", () => {
  it("[P1] is the one with the newest device time; of one time the higher sequence", () => {
    const { belief, verdicts } = fold([fix(10), fix(20), fix(20, 0, { seq: 2 }), fix(20, 0, { seq: 1 })]);
    expect(belief.believed).toMatchObject({ fixedAtMs: 20_000, seq: 2 });
    expect(verdicts).toEqual(["moved", "moved", "moved", "late"]);
  });

  it("[P2] is not moved by the same fix again", () => {
    expect(fold([fix(10), fix(10)]).verdicts).toEqual(["moved", "same"]);
  });

  it("[P3] is not moved by an older fix", () => {
    expect(fold([fix(20, 100), fix(10)])).toMatchObject({ belief: { believed: { fixedAtMs: 20_000 } } });
  });

  it("[P5] stays where a jump is faster than the kind can travel, and says so", () => {
    const { belief, verdicts } = fold([fix(0), fix(10, 50_000)]);
    expect(verdicts).toEqual(["moved", "doubted"]);
    expect(belief.believed?.fixedAtMs).toBe(0);
    expect(belief.doubted).toHaveLength(1);
  });

  it("[P5] moves after three doubted fixes that agree with one another, and not before", () => {
    const { verdicts, belief } = fold([fix(0), fix(10, 50_000), fix(20, 50_100), fix(30, 50_200)]);
    expect(verdicts).toEqual(["moved", "doubted", "doubted", "moved"]);
    expect(belief).toMatchObject({ believed: { fixedAtMs: 30_000 }, doubted: [] });
  });

  it("[P5] counts anew where a doubted fix does not agree with the one before it", () => {
    const { verdicts } = fold([fix(0), fix(10, 50_000), fix(20, 50_100), fix(30, -80_000), fix(40, 50_300)]);
    expect(verdicts).toEqual(["moved", "doubted", "doubted", "doubted", "doubted"]);
  });

  it("[P5] forgets its doubts at a plausible fix", () => {
    const { verdicts, belief } = fold([fix(0), fix(10, 50_000), fix(20, 50), fix(30, 50_000), fix(40, 50_000)]);
    expect(verdicts).toEqual(["moved", "doubted", "moved", "doubted", "doubted"]);
    expect(belief.believed?.fixedAtMs).toBe(20_000);
  });

  it("[P5] allows both accuracies: two bad fixes apart are no jump", () => {
    const { verdicts } = fold([fix(0, 0, { accuracyDm: 30_000 }), fix(1, 5900, { accuracyDm: 30_000 })]);
    expect(verdicts).toEqual(["moved", "moved"]);
  });

  it("[P5] a foot patrol that rides in a car is followed, every third fix", () => {
    const ride = Array.from({ length: 10 }, (_, i) => fix(i * 10, i * 250));
    expect(fold(ride, 45).verdicts.filter((verdict) => verdict === "moved")).toHaveLength(4);
  });

  it("[P8] a fresh time on an old position changes nothing", () => {
    const alive = fix(60, 0, { flags: FIX_FLAG.aliveOnly });
    expect(fold([fix(0), alive])).toMatchObject({
      belief: { believed: { fixedAtMs: 0 } },
      verdicts: ["moved", "alive"],
    });
    expect(fold([alive]).belief.believed).toBeUndefined();
  });

  const plausible = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 500 }),
      seq: fc.integer({ min: 0, max: 2 }),
      east: fc.integer({ max: 9 }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it("[P1] plausible fixes end at the newest, in whatever order they arrive", () => {
    fc.assert(
      fc.property(plausible, (steps) => {
        const fixes = steps.map(({ at, seq, east }) => fix(at, Math.max(0, east), { seq }));
        const newest = [...fixes].sort(compareFixes).at(-1);
        const { believed } = fold(fixes).belief;
        expect(believed && compareFixes(believed, newest as Fix)).toBe(0);
      }),
    );
  });

  it("[P2] the same stream twice over ends where it ended once", () => {
    const jumps = fc.array(fc.record({ at: fc.integer({ min: 0, max: 100 }), km: fc.integer({ min: -60, max: 60 }) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(jumps, (steps) => {
        const { belief } = fold(steps.map(({ at, km }) => fix(at, km * 1000)));
        for (const known of [belief.believed, ...belief.doubted]) {
          if (known !== undefined) expect(believe(belief, known, CAR_KMH).belief).toEqual(belief);
        }
      }),
    );
  });
});
