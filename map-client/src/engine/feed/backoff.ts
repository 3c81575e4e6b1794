/** Waits between attempts to connect: doubled up to a ceiling, with full jitter, so that desks do not return in step. */
export const BACKOFF = { firstMs: 400, ceilingMs: 10_000 } as const;

/** The wait before attempt `attempt` (0 is the first repetition), ms; `chance` in 0 … 1. */
export function backoffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(BACKOFF.ceilingMs, BACKOFF.firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}
