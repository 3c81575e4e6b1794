import { describe, expect, it } from "vitest";
import { AttemptLimiter } from "./attempt-limiter.ts";

describe("the limiter of attempts", () => {
  it("allows so many in a window, then none, then as many again", () => {
    const limiter = new AttemptLimiter({ attempts: 2, windowMs: 1000, keys: 10 });
    limiter.count("a", 0);
    expect(limiter.allows("a", 1)).toBe(true);
    limiter.count("a", 1);
    expect(limiter.allows("a", 999)).toBe(false);
    expect(limiter.allows("b", 999)).toBe(true);
    expect(limiter.allows("a", 1000)).toBe(true);
  });

  it("remembers so many keys and forgets the oldest", () => {
    const limiter = new AttemptLimiter({ attempts: 1, windowMs: 1000, keys: 2 });
    for (const key of ["a", "b", "c"]) limiter.count(key, 0);
    expect(["a", "b", "c"].map((key) => limiter.allows(key, 1))).toEqual([true, false, false]);
  });
});
