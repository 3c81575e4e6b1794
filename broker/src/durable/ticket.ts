/** Someone who waits until what they sent is durable. */
export interface Ticket {
  readonly receivedAtMs: number;
  settled: boolean;
  /** Called once: with true after the commit [P7], with false where the wait was too long [P9]. */
  settle(durable: boolean): void;
}
