import { describe, expect, test } from "vitest";
import { ClockOffset } from "./clock-offset.ts";

const T = 1_786_000_000_000;

describe("the clock offset of a device [P8]", () => {
  test("a fast clock shows with the first message", () => {
    expect(new ClockOffset().observe(T + 90_000, T)).toBe(90_000);
  });

  test("a phone that empties a two-hour backlog is not taken for one with a slow clock", () => {
    const clock = new ClockOffset();
    const offsets = [];
    // 720 messages made ten seconds apart arrive within 36 seconds.
    for (let i = 0; i < 720; i++) offsets.push(clock.observe(T - 7_200_000 + i * 10_000, T + i * 50));
    expect(new Set(offsets.slice(0, 700))).toEqual(new Set([undefined]));
    expect(clock.observe(T + 60_000, T + 60_200)).toBe(-200);
  });

  test("a slow clock is believed after two messages that agree", () => {
    const clock = new ClockOffset();
    expect(clock.observe(T - 300_000, T)).toBeUndefined();
    expect(clock.observe(T - 295_000, T + 5000)).toBeUndefined();
    expect(clock.observe(T - 289_000, T + 11_000)).toBe(-300_000);
  });

  test("an old message later does not change what is known", () => {
    const clock = new ClockOffset();
    expect(clock.observe(T, T + 100)).toBe(-100);
    expect(clock.observe(T - 3_600_000, T + 1000)).toBe(-100);
  });
});
