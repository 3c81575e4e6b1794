export interface AttemptLimit {
  readonly attempts: number;
  readonly windowMs: number;
  /** Most keys remembered; the oldest is forgotten first. */
  readonly keys: number;
}

/** Counts attempts by key in fixed windows. Time is an argument. */
export class AttemptLimiter {
  readonly #limit: AttemptLimit;
  readonly #windows = new Map<string, { startedAtMs: number; attempts: number }>();

  constructor(limit: AttemptLimit) {
    this.#limit = limit;
  }

  /** Whether another attempt is within the limit. Counts nothing. */
  allows(key: string, nowMs: number): boolean {
    const window = this.#windows.get(key);
    if (window === undefined || nowMs - window.startedAtMs >= this.#limit.windowMs) return true;
    return window.attempts < this.#limit.attempts;
  }

  count(key: string, nowMs: number): void {
    const window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.startedAtMs < this.#limit.windowMs) {
      window.attempts++;
      return;
    }
    this.#windows.delete(key);
    this.#windows.set(key, { startedAtMs: nowMs, attempts: 1 });
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= this.#limit.keys) break;
      this.#windows.delete(oldest);
    }
  }

  forget(key: string): void {
    this.#windows.delete(key);
  }
}
