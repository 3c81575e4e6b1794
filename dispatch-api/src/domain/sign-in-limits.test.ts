import { describe, expect, it } from "vitest";
import { FAILURES_OF_STRANGERS, FAILURES_PER_NAME, SIGN_INS_PER_ADDRESS, SignInLimits } from "./sign-in-limits.ts";

/** Wrong passwords until it is held up; answers how many were checked. */
function guess(limits: SignInLimits, name: string, address: string, nowMs = 0): number {
  let checked = 0;
  while (checked < 1000 && limits.begin(name, address, nowMs)) {
    limits.failed(name, address, nowMs);
    checked++;
  }
  return checked;
}

describe("sign-in limits", () => {
  it("hold up who guesses one name at one address, and nobody else there or elsewhere", () => {
    const limits = new SignInLimits();
    expect(guess(limits, "victim", "198.51.100.1")).toBe(FAILURES_PER_NAME.attempts);
    expect(limits.begin("victim", "198.51.100.2", 0)).toBe(true);
    expect(limits.begin("other", "198.51.100.1", 0)).toBe(true);
    expect(guess(limits, "victim", "198.51.100.1", FAILURES_PER_NAME.windowMs)).toBe(FAILURES_PER_NAME.attempts);
  });

  it("hold up who guesses one name from many addresses, and not its person where they signed in before", () => {
    const limits = new SignInLimits();
    limits.succeeded("victim", "192.0.2.1");
    let checked = 0;
    for (let i = 0; i < 200; i++) checked += guess(limits, "victim", `198.51.100.${i}`);
    expect(checked).toBe(FAILURES_OF_STRANGERS.attempts);
    expect(limits.begin("victim", "203.0.113.1", 0)).toBe(false);
    expect(limits.begin("victim", "192.0.2.1", 0)).toBe(true);
    expect(guess(limits, "victim", "192.0.2.1")).toBe(FAILURES_PER_NAME.attempts);
  });

  it("hold up who guesses many names at one address", () => {
    const limits = new SignInLimits();
    let checked = 0;
    for (let i = 0; i < 200; i++) checked += guess(limits, `n${i}`, "198.51.100.1");
    expect(checked).toBe(SIGN_INS_PER_ADDRESS.attempts);
  });
});
