import { expect, it } from "vitest";
import { createRandom } from "../random.ts";
import { createBackoff } from "./backoff.ts";

it("waits longer and longer up to a limit, never in step with another device, and starts anew after a success", () => {
  const one = createBackoff(createRandom(1));
  const two = createBackoff(createRandom(2));
  const waits = Array.from({ length: 40 }, () => one.nextMs());
  const others = Array.from({ length: 40 }, () => two.nextMs());
  expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(250);
  expect(Math.max(...waits.slice(10))).toBeGreaterThan(7_500);
  expect(waits.filter((w, i) => Math.abs(w - others[i]!) < 1)).toHaveLength(0);
  one.reset();
  expect(one.nextMs()).toBeLessThanOrEqual(500);
});
