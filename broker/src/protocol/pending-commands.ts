interface Pending {
  readonly command: unknown;
  readonly sinceMs: number;
}

/** Commands for apps in HTTP mode, which ask for them with each message. Bounded in number and age for each device. */
export class PendingCommands {
  readonly #most: number;
  readonly #ageMs: number;
  readonly #byDevice = new Map<string, Pending[]>();

  constructor(most: number, ageMs: number) {
    this.#most = most;
    this.#ageMs = ageMs;
  }

  add(deviceId: string, command: unknown, nowMs: number): void {
    const pending = this.#byDevice.get(deviceId) ?? [];
    pending.push({ command, sinceMs: nowMs });
    if (pending.length > this.#most) pending.shift();
    this.#byDevice.set(deviceId, pending);
  }

  /** Hands them out, once. */
  take(deviceId: string, nowMs: number): unknown[] {
    const pending = this.#byDevice.get(deviceId);
    if (pending === undefined) return [];
    this.#byDevice.delete(deviceId);
    return pending.filter(({ sinceMs }) => nowMs - sinceMs <= this.#ageMs).map(({ command }) => command);
  }
}
