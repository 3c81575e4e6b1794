import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** Delays of so many frames are kept for the percentiles. */
const SAMPLES = 1000;
const LOOP_RESOLUTION_MS = 10;

/** What the process measures of itself; no names, no positions. */
export class Metrics {
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #delaysMs: number[] = [];
  #at = 0;

  constructor() {
    this.#loop.enable();
  }

  /** Time from the broker's receipt of a batch's newest row to its arrival here, ms. */
  addBusDelay(ms: number): void {
    this.#delaysMs[this.#at] = ms;
    this.#at = (this.#at + 1) % SAMPLES;
  }

  busDelayMs(): { p50: number; p99: number } {
    const sorted = [...this.#delaysMs].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }

  /** Since the start or the last reset. */
  eventLoopDelayMs(): { p50: number; p99: number; max: number } {
    const ms = (ns: number) => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS);
    return { p50: ms(this.#loop.percentile(50)), p99: ms(this.#loop.percentile(99)), max: ms(this.#loop.max) };
  }

  resetEventLoopDelay(): void {
    this.#loop.reset();
  }

  stop(): void {
    this.#loop.disable();
  }
}
