/** A session ends after this long without a request … */
export const SESSION_IDLE_MS = 12 * 3_600_000;
/** … and after this long whatever happens. */
export const SESSION_ABSOLUTE_MS = 24 * 3_600_000;

/** When a session ends if nothing more is heard of it, ms. */
export function sessionEndsAtMs(seenAtMs: number, expiresAtMs: number): number {
  return Math.min(seenAtMs + SESSION_IDLE_MS, expiresAtMs);
}
