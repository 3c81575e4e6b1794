import { FIX_FLAG, type Fix } from "@wufen/contract";
import { isPlausibleMove } from "./plausible-move.ts";
import { FASTEST_KMH } from "./unit-kind-settings.ts";

/** [P5] So many implausible fixes that agree with one another become the position. */
export const AGREEING_FIXES = 3;

export interface Belief {
  readonly believed: Fix | undefined;
  /** Newer fixes that did not move the position, oldest first; fewer than {@link AGREEING_FIXES}. */
  readonly doubted: readonly Fix[];
}

/**
 * `moved`: the position is another. `doubted`: kept, marked implausible [P5]. `late`: history only [P3]. `same`: known already
 * [P2]. `alive`: a fresh time on an old position, which proves that the device lives and nothing else [P8].
 */
export type Verdict = "moved" | "doubted" | "late" | "same" | "alive";

/** What a fix changes. Pure; doubted fixes are judged in device-time order, whatever order they arrived in. */
export function believe(belief: Belief, fix: Fix, maxSpeedKmh: number): { belief: Belief; verdict: Verdict } {
  if ((fix.flags & FIX_FLAG.aliveOnly) !== 0) return { belief, verdict: "alive" };
  const { believed } = belief;
  if (believed === undefined) return { belief: { believed: fix, doubted: [] }, verdict: "moved" };
  const order = compareFixes(fix, believed);
  if (order < 0) return { belief, verdict: "late" };
  if (order === 0 || belief.doubted.some((doubt) => compareFixes(doubt, fix) === 0)) {
    return { belief, verdict: "same" };
  }
  const inOrder = [...belief.doubted, fix].sort(compareFixes);
  const after = inOrder.reduce((state, next) => advance(state, next, maxSpeedKmh), {
    believed,
    doubted: [],
  } satisfies Belief as Belief);
  return { belief: after, verdict: after.believed === believed ? "doubted" : "moved" };
}

/** [P1] The newest device time; of the same time the higher sequence. */
export function compareFixes(a: Pick<Fix, "fixedAtMs" | "seq">, b: Pick<Fix, "fixedAtMs" | "seq">): number {
  return a.fixedAtMs - b.fixedAtMs || a.seq - b.seq;
}

function advance(belief: Belief, next: Fix, maxSpeedKmh: number): Belief {
  const { believed, doubted } = belief;
  if (believed === undefined || isPlausibleMove(believed, next, maxSpeedKmh)) return { believed: next, doubted: [] };
  const previous = doubted.at(-1);
  // A kind's own limit would freeze a foot patrol that rides in a car: they need only agree at a speed something can drive.
  const agrees = previous === undefined || isPlausibleMove(previous, next, FASTEST_KMH);
  const doubts = agrees ? [...doubted, next] : [next];
  return doubts.length >= AGREEING_FIXES ? { believed: next, doubted: [] } : { believed, doubted: doubts };
}
