/**
 * The server's clock as this desk knows it: the offset of the exchange with the shortest round trip among the last ones
 * (Cristian's method), because only that one bounds the error well.
 */
export class ServerClock {
  offsetMs = 0;
  roundTripMs = Number.POSITIVE_INFINITY;
  #samples: { offsetMs: number; roundTripMs: number }[] = [];

  /** Takes one exchange: sent and received by the desk's clock, answered at `serverTimeMs`. */
  observe(sentAtMs: number, receivedAtMs: number, serverTimeMs: number): void {
    const roundTripMs = Math.max(0, receivedAtMs - sentAtMs);
    this.#samples.push({ offsetMs: serverTimeMs - (sentAtMs + receivedAtMs) / 2, roundTripMs });
    if (this.#samples.length > 8) this.#samples.shift();
    let best = this.#samples[0]!;
    for (const sample of this.#samples) if (sample.roundTripMs <= best.roundTripMs) best = sample;
    this.offsetMs = best.offsetMs;
    this.roundTripMs = roundTripMs;
  }

  /** A first, rough guess from a message that came unasked. */
  guess(receivedAtMs: number, serverTimeMs: number): void {
    if (this.#samples.length === 0) this.offsetMs = serverTimeMs - receivedAtMs;
  }
}
