import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

const LOOP_RESOLUTION_MS = 20;
const COMMIT_BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Counts of values up to each bound; the last counts the rest. */
export class Buckets {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let i = 0;
    while (i < this.bounds.length && value > this.bounds[i]!) i++;
    this.counts[i]!++;
    this.sum += value;
    this.count++;
  }
}

/** What this process counts, for `/metrics-json`. */
export class Metrics {
  connections = 0;
  publishes = 0;
  stored = 0;
  duplicates = 0;
  refused = 0;
  dropped = 0;
  readonly batchRows = new Buckets([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]);
  readonly commitMs = new Buckets(COMMIT_BUCKETS_MS);
  readonly ackMs = new Buckets(COMMIT_BUCKETS_MS);
  readonly #loop: IntervalHistogram;

  constructor() {
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    this.#loop.enable();
  }

  /** p99 of the last whole window, ms; the timer's own 20 ms are not a delay. */
  loopDelayP99Ms = 0;

  nextWindow(): void {
    this.loopDelayP99Ms = Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
    this.#loop.reset();
  }

  stop(): void {
    this.#loop.disable();
  }

  toJSON(): Record<string, unknown> {
    const { user, system } = process.cpuUsage();
    return {
      connections: this.connections,
      publishes: this.publishes,
      fixes: { stored: this.stored, duplicates: this.duplicates, refused: this.refused, dropped: this.dropped },
      batchRows: this.batchRows,
      commitMs: this.commitMs,
      ackMs: this.ackMs,
      eventLoopDelayMs: { p99: this.loopDelayP99Ms },
      cpuUs: { user, system },
      rssBytes: process.memoryUsage.rss(),
    };
  }
}
