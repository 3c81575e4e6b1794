import { encodeBinaryPing, FIX_FLAG } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBinary } from "./binary.ts";
import type { Decoded, Measured } from "./decoded.ts";
import { decodeOwnTracks, decodeStatus } from "./owntracks.ts";
import { gcj02ToWgs84 } from "./wgs84.ts";

const own = (message: unknown) =>
  decodeOwnTracks(Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
const LOCATION = { _type: "location", lat: 30.1, lon: 114.3, tst: 1_786_000_000 };

function fixOf(decoded: Decoded): Measured {
  if (decoded.kind !== "fixes") throw new Error(JSON.stringify(decoded));
  return decoded.fixes[0]!;
}

describe("OwnTracks JSON", () => {
  test("the booklet's location, with its units", () => {
    const decoded = own({
      ...{ ...LOCATION, acc: 8, alt: 21, batt: 83, bs: 1, cog: 271, vel: 34, vac: 3, tid: "p1", t: "u", conn: "m" },
      ...{ created_at: 1_786_000_003, m: 2, inregions: ["Beat 4"], _id: "x", topic: "owntracks/u/d" },
    });
    expect(decoded).toMatchObject({ kind: "fixes", sentAtMs: 1_786_000_003_000 });
    expect(fixOf(decoded)).toMatchObject({
      fixedAtMs: 1_786_000_000_000,
      lngE7: 1_143_000_000,
      latE7: 301_000_000,
      accuracyDm: 80,
      speedCms: 944,
      headingCdeg: 27_100,
      altitudeM: 21,
      batteryPercent: 83,
      flags: FIX_FLAG.ownTracks,
    });
  });

  test("a dropped zero is zero: speed, and the course of what moves; not accuracy", () => {
    expect(fixOf(own(LOCATION))).toMatchObject({ speedCms: 0, headingCdeg: undefined, accuracyDm: undefined });
    expect(fixOf(own({ ...LOCATION, vel: 20 }))).toMatchObject({ headingCdeg: 0 });
    expect(fixOf(own({ ...LOCATION, vel: -1, cog: -1 }))).toMatchObject({
      speedCms: undefined,
      headingCdeg: undefined,
    });
    expect(fixOf(own({ ...LOCATION, cog: 360 }))).toMatchObject({ headingCdeg: 0 });
    expect(fixOf(own({ ...LOCATION, acc: 1e9, alt: 1e9, vel: 1e9 }))).toMatchObject({
      accuracyDm: 65_534,
      altitudeM: 32_766,
      speedCms: 65_534,
    });
  });

  test('[P8] t:"p" proves that the phone lives and nothing else', () => {
    expect(fixOf(own({ ...LOCATION, t: "p" })).flags).toBe(FIX_FLAG.ownTracks | FIX_FLAG.aliveOnly);
  });

  test("[P2] the same message twice has one number, two positions of one second have two", () => {
    const first = fixOf(own(LOCATION));
    expect(fixOf(own({ ...LOCATION, created_at: 1_786_000_099, topic: "owntracks/u/d" })).seq).toBe(first.seq);
    expect(fixOf(own({ ...LOCATION, lat: 30.1000001 })).seq).not.toBe(first.seq);
    expect(fixOf(own({ ...LOCATION, t: "p" })).seq).not.toBe(first.seq);
    expect(first.seq).toBeGreaterThanOrEqual(0);
    expect(first.seq).toBeLessThan(2 ** 31);
  });

  test("what is no position is taken and stored nowhere", () => {
    expect(own("")).toEqual({ kind: "nothing" });
    expect(own({ _type: "lwt", tst: 1 })).toEqual({ kind: "presence", online: false });
    const sound = [
      { _type: "transition", event: "enter", tst: 1_786_000_000, desc: "Beat 4" },
      { _type: "waypoint", desc: "Beat 4", tst: 1 },
      { _type: "waypoints", waypoints: [] },
      { _type: "status" },
      { _type: "steps", steps: 9 },
      { _type: "card", name: "x" },
      { _type: "dump" },
    ];
    for (const message of sound) expect(own(message)).toEqual({ kind: "nothing" });
  });

  test("what is broken says why", () => {
    const broken: [unknown, RegExp][] = [
      ["{", /JSON/],
      ["[]", /JSON/],
      ["null", /JSON/],
      [{}, /_type/],
      [{ _type: "encrypted", data: "x" }, /encrypted/],
      [{ _type: "location", lat: 91, lon: 0, tst: 1 }, /lat/],
      [{ _type: "location", lon: 0, tst: 1 }, /lat/],
      [{ ...LOCATION, tst: "now" }, /tst/],
      [{ ...LOCATION, acc: "good" }, /acc/],
      [{ _type: "transition", event: "jump", tst: 1 }, /event/],
    ];
    for (const [message, why] of broken) {
      const decoded = own(message);
      expect(decoded.kind).toBe("malformed");
      expect(decoded.kind === "malformed" ? decoded.why : "").toMatch(why);
    }
    expect(decodeOwnTracks(Buffer.from([0x7b, 0xff, 0x7d])).kind).toBe("malformed");
  });

  test("never throws, whatever the bytes or the JSON", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodeOwnTracks(Buffer.from(bytes));
        decodeStatus(Buffer.from(bytes));
        decodeBinary(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (lat, tst, vel) => {
        own({ _type: "location", lat, lon: 0, tst, vel });
      }),
    );
  });
});

describe("the binary ping", () => {
  test("comes back as it was encoded", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            fixedAtMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
            seq: fc.integer({ min: 0, max: 0x7fffffff }),
            lngE7: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
            latE7: fc.integer({ min: -900_000_000, max: 900_000_000 }),
            accuracyDm: fc.option(fc.integer({ min: 0, max: 65_534 }), { nil: undefined }),
            speedCms: fc.option(fc.integer({ min: 0, max: 65_534 }), { nil: undefined }),
            headingCdeg: fc.option(fc.integer({ min: 0, max: 35_999 }), { nil: undefined }),
            altitudeM: fc.option(fc.integer({ min: -32_768, max: 32_766 }), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 120 },
        ),
        (fixes) => {
          const ping = { sentAtMs: 1_786_000_000_000, batteryPercent: 50, simulated: true, backlog: false, fixes };
          const decoded = decodeBinary(encodeBinaryPing(ping));
          expect(decoded).toEqual({
            kind: "fixes",
            sentAtMs: ping.sentAtMs,
            fixes: fixes.map((fix) => ({ ...fix, batteryPercent: 50, flags: FIX_FLAG.simulated })),
          });
        },
      ),
    );
  });
});

describe("GCJ-02", () => {
  test("is moved to WGS-84 within a metre of the published pair; outside China nothing moves", () => {
    const fix = fixOf(own({ ...LOCATION, lon: 116.404, lat: 39.915 }));
    const moved = gcj02ToWgs84(fix);
    // gcoord's own example: [116.397755, 39.913678] for GCJ-02 [116.404, 39.915].
    expect(Math.abs(moved.lngE7 / 1e7 - 116.397755)).toBeLessThan(1e-5);
    expect(Math.abs(moved.latE7 / 1e7 - 39.913678)).toBeLessThan(1e-4);
    expect(gcj02ToWgs84(fixOf(own({ ...LOCATION, lon: 8.69, lat: 49.41 })))).toMatchObject({
      lngE7: 86_900_000,
      latE7: 494_100_000,
    });
  });
});
