import type { Fix } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CopyEncoder } from "../durable/copy-rows.ts";
import { refuseFix } from "./gate.ts";

const NOW = 1_786_000_000_000;
const LIMITS = { futureSkewMs: 120_000, retentionMs: 30 * 86_400_000 };
const GOOD: Fix = {
  deviceNo: 1,
  fixedAtMs: NOW,
  seq: 1,
  receivedAtMs: NOW,
  lngE7: 1_143_000_000,
  latE7: 301_000_000,
  accuracyDm: 80,
  speedCms: 0,
  headingCdeg: undefined,
  altitudeM: undefined,
  batteryPercent: undefined,
  clockOffsetMs: undefined,
  flags: 0,
};
const judge = (over: Partial<Fix>) => refuseFix({ ...GOOD, ...over }, NOW, LIMITS);

describe("the gate", () => {
  test("[P4] lets a fix up to two minutes ahead pass, and none beyond", () => {
    expect(judge({ fixedAtMs: NOW + 120_000 })).toBeUndefined();
    expect(judge({ fixedAtMs: NOW + 120_001 })).toBe("future");
  });

  test("refuses what lies before the retention", () => {
    expect(judge({ fixedAtMs: NOW - LIMITS.retentionMs + 1 })).toBeUndefined();
    expect(judge({ fixedAtMs: NOW - LIMITS.retentionMs })).toBe("too-old");
  });

  test("[P3] lets a late fix pass: it is history", () => {
    expect(judge({ fixedAtMs: NOW - 7_200_000 })).toBeUndefined();
  });

  test("refuses positions that no receiver measures", () => {
    expect(judge({ lngE7: 0, latE7: 0 })).toBe("impossible");
    expect(judge({ lngE7: 0 })).toBeUndefined();
    expect(judge({ latE7: 900_000_001 })).toBe("impossible");
    expect(judge({ lngE7: Number.NaN })).toBe("impossible");
    expect(judge({ seq: -1 })).toBe("impossible");
    expect(judge({ headingCdeg: 36_000 })).toBe("impossible");
  });

  test("what passes can be written into the columns, whatever the numbers", () => {
    const number = fc.oneof(
      fc.integer({ min: -10, max: 120 }),
      fc.integer({ min: -40_000, max: 70_000 }),
      fc.double(),
      fc.maxSafeInteger(),
    );
    const unknown = fc.option(number, { nil: undefined });
    const encoder = new CopyEncoder("fix");
    fc.assert(
      fc.property(
        fc.record({
          fixedAtMs: fc.oneof(number, fc.integer({ min: NOW - 1e9, max: NOW })),
          seq: number,
          lngE7: number,
          latE7: number,
          accuracyDm: unknown,
          speedCms: unknown,
          headingCdeg: unknown,
          altitudeM: unknown,
          batteryPercent: unknown,
        }),
        (over) => {
          const fix = { ...GOOD, ...over };
          if (refuseFix(fix, NOW, LIMITS) === undefined)
            encoder.encode([fix], { broker: 1, epoch: 2 ** 40, n: 2 ** 50 });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
