import type { Duplex } from "node:stream";
import type { RefusalReason } from "@wufen/contract";
import { AddressLimits } from "../access/address-limits.ts";
import { type HoldRules, holdReader } from "../access/hold-reader.ts";
import { Session } from "../access/session.ts";
import type { Limits } from "../config.ts";
import type { FixWriter } from "../durable/fix-writer.ts";
import type { Metrics } from "../metrics.ts";
import type { Presence } from "../presence/presence.ts";

export interface SessionsTools {
  readonly limits: Limits;
  readonly writer: FixWriter;
  readonly presence: Presence;
  readonly metrics: Metrics;
  refuse(deviceNo: number, reason: RefusalReason, nowMs: number): void;
  /** Hands the connection to aedes. */
  handle(conn: Duplex): void;
}

/** All connections, counted by ourselves, from whatever listener. */
export class Sessions {
  readonly #tools: SessionsTools;
  readonly #addresses: AddressLimits;
  readonly #byConn = new WeakMap<object, Session>();
  readonly #open = new Set<Session>();
  /** Held because too many publishes wait in all. */
  readonly #held = new Set<Session>();
  readonly #rules: HoldRules;

  constructor(tools: SessionsTools) {
    this.#tools = tools;
    this.#addresses = new AddressLimits(tools.limits);
    this.#rules = {
      waitingPerDevice: tools.limits.waitingPerDevice,
      nowMs: Date.now,
      isFull: (session) => {
        if (!tools.writer.isFull) return false;
        this.#held.add(session);
        return true;
      },
      refuse: (session, reason) => tools.refuse(session.device?.record.no ?? 0, reason, Date.now()),
    };
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Whether an address may open one more connection; asked before anything is spent on it.
   * Its place is free again when `socket` closes, which is destroyed where there is none.
   */
  admit(address: string, socket: Duplex): boolean {
    const nowMs = Date.now();
    const refused = this.#addresses.open(address, nowMs);
    if (refused === undefined) {
      socket.once("close", () => this.#addresses.close(address));
      return true;
    }
    this.#tools.refuse(0, refused, nowMs);
    socket.destroy();
    return false;
  }

  /** Whether an address may make one more HTTP request. */
  mayRequest(address: string): boolean {
    const nowMs = Date.now();
    if (this.#addresses.knock(address, nowMs)) return true;
    this.#tools.refuse(0, "connect-rate", nowMs);
    return false;
  }

  /** Takes over an admitted connection. */
  begin(conn: Duplex, address: string): void {
    const session = new Session(conn, address, this.#tools.limits.packetBytes);
    this.#byConn.set(conn, session);
    this.#open.add(session);
    this.#tools.metrics.connections = this.#open.size;
    conn.once("close", () => this.#end(session));
    holdReader(session, this.#rules);
    this.#tools.handle(conn);
  }

  of(conn: object): Session | undefined {
    return this.#byConn.get(conn);
  }

  /** Publishes may wait again. */
  releaseFull(): void {
    for (const session of this.#held) session.release("full");
    this.#held.clear();
  }

  #end(session: Session): void {
    session.closed = true;
    clearTimeout(session.rateTimer);
    this.#open.delete(session);
    this.#held.delete(session);
    this.#tools.metrics.connections = this.#open.size;
    const { device } = session;
    // A connection that was taken over leaves the device online.
    if (device !== undefined && device.session === session) {
      device.session = undefined;
      this.#tools.presence.set(device.record.no, false, Date.now());
    }
  }

  /** Cuts every connection; resolves when all have ended. */
  async dropAll(): Promise<void> {
    const ends = [...this.#open].map(({ conn }) => new Promise<void>((resolve) => conn.once("close", () => resolve())));
    for (const session of this.#open) session.drop();
    await Promise.all(ends);
  }
}
