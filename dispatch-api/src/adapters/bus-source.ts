import type { BusFrame } from "@wufen/contract";

/** Where bus frames come from. It comes back by itself until it is stopped; what was said meanwhile is lost to it. */
export interface BusSource {
  /** So many brokers speak over it at least. */
  readonly brokers: number;
  readonly connected: boolean;
  readonly receivedBytes: number;
  start(): void;
  stop(): void;
}

export interface BusHooks {
  onFrame(frame: BusFrame): void;
  /** Connected, for the first time or again. */
  onConnect(): void;
}
