import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBusFrame, encodeBusFrame } from "./bus-frame.ts";
import type { Fix } from "./fix.ts";

const optional = (max: number, min = 0) => fc.option(fc.integer({ min, max }), { nil: undefined });
const int32 = { min: -0x7fffffff, max: 0x7fffffff };
const fixes: fc.Arbitrary<Fix> = fc.record({
  deviceNo: fc.integer({ min: 1, max: 0x7fffffff }),
  fixedAtMs: fc.integer({ min: 0, max: 4e12 }),
  seq: fc.integer({ min: 0, max: 0x7fffffff }),
  receivedAtMs: fc.integer({ min: 0, max: 4e12 }),
  lngE7: fc.integer(int32),
  latE7: fc.integer(int32),
  accuracyDm: optional(65_534),
  speedCms: optional(65_534),
  headingCdeg: optional(35_999),
  altitudeM: optional(32_766, -32_768),
  batteryPercent: optional(100),
  clockOffsetMs: optional(int32.max, int32.min),
  flags: fc.integer({ min: 0, max: 0xffff }),
});
const head = {
  broker: fc.integer({ min: 0, max: 32_767 }),
  epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
};
const n = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const frames = fc.oneof(
  fc.record({ kind: fc.constant("fixes" as const), ...head, firstN: n, fixes: fc.array(fixes) }),
  fc.record({ kind: fc.constant("heartbeat" as const), ...head, lastN: n }),
  fc.record({
    kind: fc.constant("presence" as const),
    ...head,
    changes: fc.array(
      fc.record({
        deviceNo: fc.integer({ min: 1, max: 1e9 }),
        online: fc.boolean(),
        atMs: fc.integer({ min: 0, max: 4e12 }),
      }),
    ),
  }),
);

describe("bus frame", () => {
  it("a frame comes back as it was sent", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeBusFrame(encodeBusFrame(frame))).toEqual(frame);
      }),
    );
  });

  it("a cut or foreign frame is a RangeError, never rows", () => {
    fc.assert(
      fc.property(frames, fc.nat(), (frame, cut) => {
        const bytes = encodeBusFrame(frame);
        expect(() => decodeBusFrame(bytes.subarray(0, cut % bytes.length))).toThrow(RangeError);
      }),
    );
    expect(() => decodeBusFrame(new Uint8Array(64))).toThrow(RangeError);
  });
});
