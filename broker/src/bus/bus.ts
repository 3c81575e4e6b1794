import type { BusFrame } from "@wufen/contract";

/** The broker's end of the fix bus. A frame may be lost on it: readers find what is missing in the database. */
export interface Bus {
  /** Who heard the last frame. */
  readonly readers: number;
  /** @throws Error where it cannot be had */
  listen(): Promise<void>;
  send(frame: BusFrame): void;
  close(): Promise<void>;
}

/** What a bus repeats by itself. */
export interface BusRepeats {
  /** Said every second. */
  heartbeat(): BusFrame;
  /** How every device stands. */
  presence(): BusFrame;
}
