import { between, type Random } from "../random.ts";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** Doubling waits with full jitter, so that devices that lost one broker together do not come back together. */
export function createBackoff(random: Random): { nextMs: () => number; reset: () => void } {
  let ceilingMs = FIRST_MS;
  return {
    nextMs() {
      const wait = between(random, FIRST_MS / 2, ceilingMs);
      ceilingMs = Math.min(LONGEST_MS, ceilingMs * 2);
      return wait;
    },
    reset() {
      ceilingMs = FIRST_MS;
    },
  };
}
