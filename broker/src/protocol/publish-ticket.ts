import type { Session } from "../access/session.ts";
import type { Ticket } from "../durable/ticket.ts";
import type { Metrics } from "../metrics.ts";

/** aedes' callback of `authorizePublish`: an error closes the connection. */
export type PublishDone = (error?: Error | null) => void;

/** Acknowledgements that a sender may leave unread, once the kernel's buffers are full. */
const UNREAD_ACKS_BYTES = 16_384;

const NOT_DURABLE = new Error("the database did not take the fix in time [P9]");

/** A QoS 1 or 2 publish that waits for its commit. */
export class PublishTicket implements Ticket {
  settled = false;
  readonly receivedAtMs: number;
  readonly #session: Session;
  /** Undefined: aedes answers itself (QoS 2). */
  readonly #messageId: number | undefined;
  readonly #done: PublishDone;
  readonly #metrics: Metrics;

  constructor(
    session: Session,
    messageId: number | undefined,
    done: PublishDone,
    receivedAtMs: number,
    metrics: Metrics,
  ) {
    this.#session = session;
    this.#messageId = messageId;
    this.#done = done;
    this.receivedAtMs = receivedAtMs;
    this.#metrics = metrics;
  }

  settle(durable: boolean): void {
    const session = this.#session;
    session.waiting--;
    if (session.closed) return;
    if (!durable) {
      this.#done(NOT_DURABLE);
      return;
    }
    if (this.#messageId !== undefined) acknowledge(session, this.#messageId);
    this.#metrics.ackMs.add(Date.now() - this.receivedAtMs);
    this.#done(null);
    session.release("waiting");
  }
}

/** Writes PUBACK, MQTT 3.1.1 §3.4. */
export function acknowledge(session: Session, messageId: number): void {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = 0x40;
  bytes[1] = 2;
  bytes[2] = messageId >> 8;
  bytes[3] = messageId & 0xff;
  session.conn.write(bytes);
  // aedes watches what it writes itself, not this.
  if (session.conn.writableLength > UNREAD_ACKS_BYTES) session.conn.destroy(new Error("drain timeout"));
}
