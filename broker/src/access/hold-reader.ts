import type { RefusalReason } from "@wufen/contract";
import { PACKET } from "./packet-guard.ts";
import type { Session } from "./session.ts";

export interface HoldRules {
  /** Most publishes of one connection that wait for their commit. */
  readonly waitingPerDevice: number;
  nowMs(): number;
  /** True while too many publishes wait in all; then the session is remembered and released later. */
  isFull(session: Session): boolean;
  refuse(session: Session, reason: RefusalReason): void;
}

/**
 * Puts the guard between a connection and aedes, which reads with `conn.read()`: packets above the limit cut the connection,
 * and packets over a limit of rate or number stay in the socket, so that the sender is held and nobody else is.
 */
export function holdReader(session: Session, rules: HoldRules): void {
  const { conn, guard } = session;
  const read = conn.read;

  const mayBegin = (type: number): boolean => {
    session.hold = holdFor(session, type, rules);
    if (session.hold !== undefined) return false;
    if (type === PACKET.publish) session.waiting++;
    return true;
  };

  let begun = false;
  conn.read = (size?: number) => {
    if (size === 0) return read.call(conn, 0);
    if (session.hold !== undefined) return null;
    const chunk = read.call(conn) as Buffer | null;
    if (chunk === null) return null;
    const passes = guard.take(chunk, (type) => {
      // Only CONNECT passes before it is answered.
      if (begun && !session.ready) {
        session.hold = "connecting";
        return false;
      }
      begun = true;
      return mayBegin(type);
    });
    if (guard.problem !== undefined) {
      rules.refuse(session, guard.problem);
      session.drop();
      return null;
    }
    if (passes === chunk.length) return chunk;
    conn.unshift(chunk.subarray(passes));
    arrangeRelease(session, rules);
    return passes === 0 ? null : chunk.subarray(0, passes);
  };
}

function holdFor(session: Session, type: number, rules: HoldRules) {
  if (type === PACKET.publish) {
    if (session.waiting >= rules.waitingPerDevice) return "waiting";
    if (rules.isFull(session)) return "full";
  }
  // Whatever the packet, it costs.
  return session.device?.publishes.take(rules.nowMs()) === false ? "rate" : undefined;
}

function arrangeRelease(session: Session, rules: HoldRules): void {
  if (session.hold !== "rate" || session.device === undefined) return;
  session.rateTimer = setTimeout(() => session.release("rate"), session.device.publishes.waitMs(rules.nowMs()));
}
