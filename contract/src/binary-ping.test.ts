import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BinaryPing, decodeBinaryPing, encodeBinaryPing } from "./binary-ping.ts";
import { LIMITS } from "./limits.ts";

const optional = (max: number, min = 0) => fc.option(fc.integer({ min, max }), { nil: undefined });
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const pings: fc.Arbitrary<BinaryPing> = fc.record({
  sentAtMs: time,
  batteryPercent: optional(100),
  simulated: fc.boolean(),
  backlog: fc.boolean(),
  fixes: fc.array(
    fc.record({
      fixedAtMs: time,
      seq: fc.integer({ min: 0, max: 0x7fffffff }),
      lngE7: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
      latE7: fc.integer({ min: -900_000_000, max: 900_000_000 }),
      accuracyDm: optional(65_534),
      speedCms: optional(65_534),
      headingCdeg: optional(35_999),
      altitudeM: optional(32_766, -32_768),
    }),
    { minLength: 1, maxLength: LIMITS.fixesPerPing },
  ),
});

describe("binary ping", () => {
  it("a ping comes back as it was sent", () => {
    fc.assert(
      fc.property(pings, (ping) => {
        const result = decodeBinaryPing(encodeBinaryPing(ping));
        expect(result).toEqual({ ok: true, ping });
      }),
    );
  });

  it("a full ping fits into the packet limit with its topic", () => {
    const fix = { fixedAtMs: 1, seq: 1, lngE7: 0, latE7: 0, accuracyDm: 1, speedCms: 1, headingCdeg: 1, altitudeM: 1 };
    const ping = { sentAtMs: 1, batteryPercent: 1, simulated: false, backlog: true };
    const bytes = encodeBinaryPing({ ...ping, fixes: Array.from({ length: LIMITS.fixesPerPing }, () => fix) });
    expect(bytes.length + 100).toBeLessThanOrEqual(LIMITS.packetBytes);
  });

  it("whatever the bytes, the answer is a ping of sound fields or a reason", () => {
    const mutated = fc
      .tuple(pings, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))))
      .map(([ping, changes]) => {
        const bytes = encodeBinaryPing(ping);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 5000 }), mutated), (bytes) => {
        const result = decodeBinaryPing(bytes);
        if (!result.ok) {
          expect(result.why.length).toBeGreaterThan(0);
          return;
        }
        for (const fix of result.ping.fixes) {
          expect(Math.abs(fix.latE7)).toBeLessThanOrEqual(900_000_000);
          expect(Number.isSafeInteger(fix.fixedAtMs)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("layout by hand: other implementations can be written from the table", () => {
    const bytes = new Uint8Array(48);
    const view = new DataView(bytes.buffer);
    bytes.set([0x57, 1, 1, 0, 83, 1, 0, 0]);
    view.setFloat64(8, 1_786_000_000_500, true);
    view.setFloat64(16, 1_786_000_000_000, true);
    view.setUint32(24, 7, true);
    view.setInt32(28, 1_143_000_000, true);
    view.setInt32(32, 301_000_000, true);
    view.setUint16(36, 80, true);
    view.setUint16(38, 944, true);
    view.setUint16(40, 27_100, true);
    view.setInt16(42, 21, true);
    expect(decodeBinaryPing(bytes)).toEqual({
      ok: true,
      ping: {
        sentAtMs: 1_786_000_000_500,
        batteryPercent: 83,
        simulated: true,
        backlog: false,
        fixes: [
          {
            fixedAtMs: 1_786_000_000_000,
            seq: 7,
            lngE7: 1_143_000_000,
            latE7: 301_000_000,
            accuracyDm: 80,
            speedCms: 944,
            headingCdeg: 27_100,
            altitudeM: 21,
          },
        ],
      },
    });
  });
});
