import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allocateFeedFrame,
  decodeFeedFrame,
  FEED_HEADER_BYTES,
  FEED_UNIT_BYTES,
  writeFeedHeader,
} from "./feed-frame.ts";

const header = fc.record({
  kind: fc.constantFrom("snapshot" as const, "changes" as const),
  coalesced: fc.boolean(),
  fromSeq: fc.nat(0xffffffff),
  toSeq: fc.nat(0xffffffff),
  epoch: fc.nat(0xffffffff),
  serverTimeMs: fc.integer({ min: 0, max: 4e12 }),
  baseMs: fc.integer({ min: 0, max: 4e12 }),
});

describe("feed frame", () => {
  it("columns and header come back, also from an unaligned view", () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 50 }), fc.infiniteStream(fc.nat(255)), (head, count, stream) => {
        const { bytes, columns } = allocateFeedFrame(count);
        for (let i = FEED_HEADER_BYTES; i < bytes.length; i++) bytes[i] = stream.next().value ?? 0;
        writeFeedHeader(bytes, { ...head, count });
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        const unaligned = [shifted.subarray(1), Buffer.from(shifted.buffer).subarray(1)];
        for (const frame of [bytes, ...unaligned].map(decodeFeedFrame)) {
          expect(frame).toMatchObject({ ...head, count });
          expect(frame.columns).toEqual(columns);
        }
        expect(bytes.length).toBe(FEED_HEADER_BYTES + FEED_UNIT_BYTES * count);
      }),
      { numRuns: 50 },
    );
  });

  it("a cut frame is a RangeError", () => {
    const { bytes } = allocateFeedFrame(3);
    writeFeedHeader(bytes, {
      kind: "snapshot",
      coalesced: false,
      count: 3,
      fromSeq: 0,
      toSeq: 1,
      epoch: 1,
      serverTimeMs: 0,
      baseMs: 0,
    });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeFeedFrame(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });
});
