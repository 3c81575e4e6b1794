import { describe, expect, it } from "vitest";
import { measuredAtMs, positionAgeMs } from "./position-age.ts";

const NOW = 1_000_000_000;
const age = (fixedAtMs: number, offsetMs: number, receivedAtMs: number) =>
  positionAgeMs(measuredAtMs(fixedAtMs, offsetMs, receivedAtMs), NOW);

describe("[P8] the age of a position", () => {
  it("is now − device time", () => expect(age(NOW - 40_000, 0, NOW - 1000)).toBe(40_000));
  it("is corrected by the device's clock offset", () => {
    expect(age(NOW - 40_000 + 7000, 7000, NOW - 1000)).toBe(40_000);
    expect(age(NOW - 40_000 - 7000, -7000, NOW - 1000)).toBe(40_000);
  });
  it("is never less than now − receipt", () => expect(age(NOW + 60_000, 0, NOW - 5000)).toBe(5000));
  it("of a two-hour backlog that arrived just now is two hours", () => {
    expect(age(NOW - 7_200_000, 0, NOW)).toBe(7_200_000);
  });
  it("is never negative", () => expect(age(NOW + 1, 0, NOW + 1)).toBe(0));
});
