/** A message this much older than its receipt was delayed, or comes from a slow clock; one message cannot tell. */
const DELAY_MS = 10_000;
const AGREE_MS = 5000;

/**
 * Measures a device's clock offset (device clock − broker clock) from the sending times its messages carry [P8].
 *
 * Sending time − receipt is the offset less the delay on the way. A delay is never negative, so a fast clock shows at once. A
 * slow clock looks like a delay: it is believed once two messages received {@link DELAY_MS} apart agree, because the delays
 * of a backlog that is being emptied shrink. Otherwise a phone that empties a two-hour backlog would look fresh.
 */
export class ClockOffset {
  #believedMs: number | undefined;
  #doubtMs: number | undefined;
  #doubtAtMs = 0;

  /** @returns the device's offset, ms, or undefined while it is unknown */
  observe(sentAtMs: number, receivedAtMs: number): number | undefined {
    const rawMs = Math.round(sentAtMs - receivedAtMs);
    if (rawMs > -DELAY_MS) {
      this.#believedMs = rawMs;
      this.#doubtMs = undefined;
    } else if (this.#doubtMs === undefined || Math.abs(this.#doubtMs - rawMs) > AGREE_MS) {
      this.#doubtMs = rawMs;
      this.#doubtAtMs = receivedAtMs;
    } else if (receivedAtMs - this.#doubtAtMs >= DELAY_MS) {
      this.#believedMs = rawMs;
    }
    return this.#believedMs;
  }
}
