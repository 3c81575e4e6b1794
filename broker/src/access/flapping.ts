const WINDOW_MS = 60_000;

interface Connects {
  sinceMs: number;
  count: number;
  bannedUntilMs: number;
}

/** Bans a device that connects again and again: each connect costs more than many pings. */
export class Flapping {
  readonly #perMinute: number;
  readonly #banMs: number;
  readonly #devices = new Map<number, Connects>();

  constructor(perMinute: number, banMs: number) {
    this.#perMinute = perMinute;
    this.#banMs = banMs;
  }

  /** Counts a connect with right credentials. @returns whether the device is banned now */
  connects(deviceNo: number, nowMs: number): boolean {
    const device = this.#devices.get(deviceNo) ?? { sinceMs: nowMs, count: 0, bannedUntilMs: 0 };
    this.#devices.set(deviceNo, device);
    if (nowMs < device.bannedUntilMs) return true;
    if (nowMs - device.sinceMs >= WINDOW_MS) {
      device.sinceMs = nowMs;
      device.count = 0;
    }
    device.count++;
    if (device.count <= this.#perMinute) return false;
    device.bannedUntilMs = nowMs + this.#banMs;
    device.count = 0;
    return true;
  }
}
