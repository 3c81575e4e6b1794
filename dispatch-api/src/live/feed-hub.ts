import {
  FEED_VERSION,
  FeedFromDesk,
  type FeedHealth,
  type FeedLagging,
  type FeedPong,
  type FeedRefused,
  type FeedWelcome,
} from "@wufen/contract";
import { Compile } from "typebox/compile";
import { FeedLog, type FeedMessage, type FeedStep } from "./feed-log.ts";
import type { LiveState } from "./live-state.ts";
import type { Registry, UnitRecord } from "./registry.ts";

/** A desk whose socket holds more than this unsent gets no more until it has read it [F3]. */
export const FEED_BUFFERED_LIMIT_BYTES = 1_048_576;
/** A desk that reads nothing for so long is let go. */
export const FEED_STALLED_MS = 60_000;
/** A socket that has not said hello by then is closed. */
export const FEED_HELLO_MS = 10_000;
/** Most desks of one API process. */
export const FEED_DESKS_LIMIT = 500;
/** Frames carry times as 32-bit milliseconds after their base: a new epoch is begun long before they run out. */
export const FEED_EPOCH_MS = 20 * 86_400_000;
/** WebSocket close codes: a policy was broken; the server goes away. */
export const CLOSE_POLICY = 1008;
export const CLOSE_GOING_AWAY = 1001;

/** The socket of one desk, as the hub needs it. */
export interface FeedSocket {
  send(message: FeedMessage): void;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
}

export interface FeedPerson {
  readonly name: string;
  readonly role: FeedWelcome["person"]["role"];
}

type DeskState =
  | { readonly kind: "awaiting-hello" }
  | { readonly kind: "following"; readonly atSeq: number; readonly epoch: number }
  | { readonly kind: "closed" };

/** One desk at the feed. */
export class Desk {
  readonly person: FeedPerson;
  readonly socket: FeedSocket;
  readonly joinedAtMs: number;
  state: DeskState = { kind: "awaiting-hello" };
  stalledSinceMs: number | undefined;
  /** It gets everything anew as soon as it has read what waits for it. */
  isOwedAll = false;

  constructor(socket: FeedSocket, person: FeedPerson, nowMs: number) {
    this.socket = socket;
    this.person = person;
    this.joinedAtMs = nowMs;
  }
}

const fromDesk = Compile(FeedFromDesk);

/** All desks at the feed: who stands where, and what each gets next [F1–F5]. */
export class FeedHub {
  readonly #live: LiveState;
  readonly #registry: Registry;
  readonly #desks = new Set<Desk>();
  #log: FeedLog;
  #health: FeedHealth = { type: "health", database: true, brokers: [], positionsFrozenSinceMs: null };
  #healthText: string;
  sentBytes = 0;
  coalesced = 0;

  constructor(live: LiveState, registry: Registry, start: { readonly epoch: number; readonly nowMs: number }) {
    this.#live = live;
    this.#registry = registry;
    this.#log = new FeedLog(live, registry, { epoch: start.epoch, baseMs: start.nowMs });
    this.#healthText = JSON.stringify(this.#health);
  }

  get desks(): number {
    return this.#desks.size;
  }

  get health(): FeedHealth {
    return this.#health;
  }

  /** A signed-in person's socket; undefined where the limit of desks is reached (the socket is told and closed). */
  join(socket: FeedSocket, person: FeedPerson, nowMs: number): Desk | undefined {
    if (this.#desks.size >= FEED_DESKS_LIMIT) {
      socket.close(CLOSE_POLICY, `limit of ${FEED_DESKS_LIMIT} desks reached; close one`);
      return undefined;
    }
    const desk = new Desk(socket, person, nowMs);
    this.#desks.add(desk);
    return desk;
  }

  leave(desk: Desk): void {
    desk.state = { kind: "closed" };
    this.#desks.delete(desk);
  }

  /** What a desk said. */
  hear(desk: Desk, text: string, nowMs: number): void {
    if (desk.state.kind === "closed") return;
    const message = parse(text);
    if (message === undefined) {
      this.refuse(desk, "FEED_MESSAGE", `not a message of feed version ${FEED_VERSION}: ${text.slice(0, 80)}`);
      return;
    }
    switch (message.type) {
      case "hello":
        if (message.version !== FEED_VERSION) {
          const reason = `feed version ${message.version} is not spoken here, ${FEED_VERSION} is; reload the page`;
          this.refuse(desk, "FEED_VERSION", reason);
        } else this.#welcome(desk, nowMs);
        return;
      case "resync":
        if (desk.state.kind === "following") this.#startAnew(desk, nowMs);
        return;
      case "ping": {
        const pong: FeedPong = { type: "pong", sentAtMs: message.sentAtMs, serverTimeMs: nowMs };
        this.#send(desk, JSON.stringify(pong));
        return;
      }
    }
  }

  /** Positions that moved since the last tick go out; slow readers that caught up get the latest of what they missed. */
  tick(nowMs: number): void {
    if (nowMs - this.#log.baseMs > FEED_EPOCH_MS) this.#beginEpoch(nowMs);
    const step = this.#log.tick(nowMs);
    for (const desk of this.#desks) this.#advance(desk, step, nowMs);
  }

  changeUnits(upserted: readonly UnitRecord[], removed: readonly number[], nowMs: number): void {
    const step = this.#log.changeUnits(upserted, removed);
    if (step === undefined) return;
    for (const desk of this.#desks) if (desk.state.kind === "following") this.#advance(desk, step, nowMs);
  }

  setHealth(health: FeedHealth): void {
    const text = JSON.stringify(health);
    if (text === this.#healthText) return;
    this.#health = health;
    this.#healthText = text;
    for (const desk of this.#desks) if (desk.state.kind === "following") this.#send(desk, text);
  }

  refuse(desk: Desk, code: FeedRefused["code"], reason: string): void {
    if (desk.state.kind === "closed") return;
    const refused: FeedRefused = { type: "refused", code, reason };
    this.#send(desk, JSON.stringify(refused));
    this.leave(desk);
    desk.socket.close(CLOSE_POLICY, code);
  }

  /** Lets every desk go: the server stops. */
  close(): void {
    for (const desk of [...this.#desks]) {
      this.leave(desk);
      desk.socket.close(CLOSE_GOING_AWAY, "the server goes away; come back in a moment");
    }
  }

  #welcome(desk: Desk, nowMs: number): void {
    const { name, role } = desk.person;
    const welcome: FeedWelcome = {
      type: "welcome",
      version: FEED_VERSION,
      epoch: this.#log.epoch,
      serverTimeMs: nowMs,
      person: { name, role },
    };
    this.#send(desk, JSON.stringify(welcome));
    this.#startAnew(desk, nowMs);
    this.#send(desk, this.#healthText);
  }

  #startAnew(desk: Desk, nowMs: number): void {
    // A desk that asks again and again and reads nothing would fill our memory.
    desk.isOwedAll = isFull(desk.socket);
    if (!desk.isOwedAll) for (const message of this.#log.whole(nowMs)) this.#send(desk, message);
    desk.state = { kind: "following", atSeq: this.#log.seq, epoch: this.#log.epoch };
  }

  #advance(desk: Desk, step: FeedStep | undefined, nowMs: number): void {
    const { state } = desk;
    if (state.kind === "awaiting-hello") {
      if (nowMs - desk.joinedAtMs > FEED_HELLO_MS) this.refuse(desk, "FEED_MESSAGE", "no hello came; say it first");
      return;
    }
    if (state.kind === "closed") return;
    if (isFull(desk.socket)) {
      desk.stalledSinceMs ??= nowMs;
      if (nowMs - desk.stalledSinceMs > FEED_STALLED_MS) {
        this.refuse(desk, "FEED_TOO_SLOW", `nothing was read for ${FEED_STALLED_MS / 1000} s; reconnect`);
      }
      return;
    }
    desk.stalledSinceMs = undefined;
    if (desk.isOwedAll) {
      this.#startAnew(desk, nowMs);
      return;
    }
    if (state.atSeq === this.#log.seq) return;
    desk.state = { kind: "following", atSeq: this.#log.seq, epoch: this.#log.epoch };
    if (step !== undefined && step.fromSeq === state.atSeq) this.#send(desk, step.message);
    else this.#sendMissed(desk, state.atSeq, nowMs);
  }

  #sendMissed(desk: Desk, atSeq: number, nowMs: number): void {
    const lagging: FeedLagging = { type: "lagging", skippedFrames: this.#log.seq - atSeq };
    this.#send(desk, JSON.stringify(lagging));
    this.coalesced++;
    for (const message of this.#log.since(atSeq, nowMs) ?? this.#log.whole(nowMs)) this.#send(desk, message);
  }

  #beginEpoch(nowMs: number): void {
    this.#log = new FeedLog(this.#live, this.#registry, { epoch: (this.#log.epoch + 1) >>> 0, baseMs: nowMs });
    this.#log.tick(nowMs);
    for (const desk of this.#desks) if (desk.state.kind === "following") this.#welcome(desk, nowMs);
  }

  #send(desk: Desk, message: FeedMessage): void {
    this.sentBytes += message.length;
    desk.socket.send(message);
  }
}

function isFull(socket: FeedSocket): boolean {
  return socket.bufferedBytes() > FEED_BUFFERED_LIMIT_BYTES;
}

function parse(text: string): FeedFromDesk | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return fromDesk.Check(message) ? message : undefined;
  } catch {
    return undefined;
  }
}
