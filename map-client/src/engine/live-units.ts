import type { FeedHealth } from "@wufen/contract";
import type { FromFeedWorker, LinkState, ToFeedWorker } from "./feed/desk-messages.ts";
import { UnitStore } from "./units/unit-store.ts";

/** The end of the feed worker that the desk holds; a Worker in the product. */
export interface FeedWorkerPort {
  postMessage(message: ToFeedWorker): void;
  onmessage: ((event: { data: FromFeedWorker }) => void) | null;
  terminate(): void;
}

export interface LiveUnitsListener {
  linkChanged(link: LinkState): void;
  healthChanged(health: FeedHealth): void;
  /** Positions or units changed; the store has them already. */
  unitsChanged(): void;
  lagging(skippedFrames: number): void;
}

/** The live picture of this desk: what came over the feed, in the store, by the server's clock. */
export class LiveUnits {
  readonly store = new UnitStore(4096);
  /** Server's clock − this machine's, ms. */
  offsetMs = 0;
  roundTripMs = 0;
  /** Last frame: from the server's sending to its arrival, ms. */
  delayMs = 0;
  /** When a frame was last applied, ms by this machine's clock. */
  lastAppliedAtMs = 0;
  framesApplied = 0;
  readonly #worker: FeedWorkerPort;
  readonly #deskNowMs: () => number;
  #listener: LiveUnitsListener | undefined;

  constructor(worker: FeedWorkerPort, deskNowMs: () => number) {
    this.#worker = worker;
    this.#deskNowMs = deskNowMs;
    worker.onmessage = ({ data }) => this.#receive(data);
  }

  listen(listener: LiveUnitsListener): void {
    this.#listener = listener;
  }

  /** Now by the server's clock, ms. */
  nowMs = (): number => this.#deskNowMs() + this.offsetMs;

  connect(url: string): void {
    this.#worker.postMessage({ type: "connect", url });
  }

  disconnect(): void {
    this.#worker.postMessage({ type: "disconnect" });
  }

  stop(): void {
    this.disconnect();
    this.#worker.terminate();
  }

  #receive(message: FromFeedWorker): void {
    switch (message.type) {
      case "frame":
        this.store.applyFrame(message.columns, this.nowMs());
        this.delayMs = message.delayMs;
        this.lastAppliedAtMs = this.#deskNowMs();
        this.framesApplied += 1;
        this.#listener?.unitsChanged();
        return;
      case "units":
        this.store.applyUnits(message.change);
        this.#listener?.unitsChanged();
        return;
      case "clock":
        this.offsetMs = message.offsetMs;
        this.roundTripMs = message.roundTripMs;
        return;
      case "link":
        this.#listener?.linkChanged(message.link);
        return;
      case "health":
        this.#listener?.healthChanged(message.health);
        return;
      case "lagging":
        this.#listener?.lagging(message.skippedFrames);
        return;
    }
  }
}
