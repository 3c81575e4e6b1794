import type { Fix, RefusalReason } from "@wufen/contract";

export interface GateLimits {
  readonly futureSkewMs: number;
  readonly retentionMs: number;
}

const MOST_SEQ = 0x7fffffff;
const MOST_U16 = 0xfffe;

/** Why a decoded fix is not stored; undefined: it is. */
export function refuseFix(fix: Fix, nowMs: number, limits: GateLimits): RefusalReason | undefined {
  if (!isPossible(fix)) return "impossible";
  // [P4] by the broker's clock: a device whose clock runs far ahead would else be believed for hours.
  if (fix.fixedAtMs > nowMs + limits.futureSkewMs) return "future";
  if (fix.fixedAtMs <= nowMs - limits.retentionMs) return "too-old";
  return undefined;
}

/** Ranges of the stored types, and [0, 0], which receivers without a position report. */
function isPossible(fix: Fix): boolean {
  return (
    within(fix.lngE7, -1_800_000_000, 1_800_000_000) &&
    within(fix.latE7, -900_000_000, 900_000_000) &&
    !(fix.lngE7 === 0 && fix.latE7 === 0) &&
    within(fix.seq, 0, MOST_SEQ) &&
    within(fix.fixedAtMs, 0, Number.MAX_SAFE_INTEGER) &&
    (fix.accuracyDm === undefined || within(fix.accuracyDm, 0, MOST_U16)) &&
    (fix.speedCms === undefined || within(fix.speedCms, 0, MOST_U16)) &&
    (fix.headingCdeg === undefined || within(fix.headingCdeg, 0, 35_999)) &&
    (fix.altitudeM === undefined || within(fix.altitudeM, -32_768, 32_766)) &&
    (fix.batteryPercent === undefined || within(fix.batteryPercent, 0, 100))
  );
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
