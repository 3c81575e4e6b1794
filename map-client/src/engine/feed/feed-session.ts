import { decodeFeedFrame, FEED_VERSION, type FeedFrame, type FeedFromDesk, type FeedToDesk } from "@wufen/contract";
import { mercatorX, mercatorY } from "../mercator.ts";
import type { FromFeedWorker, UnitColumns, UnitsChange } from "./desk-messages.ts";
import type { ServerClock } from "./server-clock.ts";

/** What a session asks of its surroundings. */
export interface FeedSurroundings {
  send(message: FeedFromDesk): void;
  emit(message: FromFeedWorker): void;
  /** Ends the connection: `final` where another attempt would be refused too. */
  close(final: boolean): void;
}

/** Nothing heard for this long, not even an answer to a ping: the connection is dead. */
export const SILENCE_MS = 12_000;
export const PING_EVERY_MS = 4_000;

type Phase = "welcome" | "units" | "snapshot" | "live";

/**
 * One connection's way through the feed's protocol, without a socket or a clock: hello → welcome → units → snapshot → changes.
 * A hole in the sequence, a frame of another epoch or one that cannot be read leads to a resync [F2].
 */
export class FeedSession {
  readonly clock: ServerClock;
  #phase: Phase = "welcome";
  #epoch = 0;
  #seq = 0;
  #callsigns = new Map<number, string>();
  #heardAtMs: number;
  #pingedAtMs: number;
  readonly #around: FeedSurroundings;
  readonly #collator = new Intl.Collator("zh-Hans", { numeric: true, sensitivity: "base" });

  constructor(around: FeedSurroundings, clock: ServerClock, nowMs: number) {
    this.#around = around;
    this.clock = clock;
    this.#heardAtMs = nowMs;
    this.#pingedAtMs = nowMs;
    around.send({ type: "hello", version: FEED_VERSION });
  }

  /** Where the desk stands: the sequence of the last change it applied. */
  get seq(): number {
    return this.#seq;
  }

  receiveText(text: string, nowMs: number): void {
    this.#heardAtMs = nowMs;
    let message: FeedToDesk;
    try {
      message = JSON.parse(text) as FeedToDesk;
    } catch {
      this.#resync(`a text message of ${text.length} characters is no JSON`);
      return;
    }
    switch (message.type) {
      case "welcome":
        this.#welcome(message.version, message.epoch, message.serverTimeMs, nowMs);
        return;
      case "units":
        this.#units(message);
        return;
      case "health":
        this.#around.emit({ type: "health", health: message });
        return;
      case "lagging":
        this.#around.emit({ type: "lagging", skippedFrames: message.skippedFrames });
        return;
      case "pong":
        this.clock.observe(message.sentAtMs, nowMs, message.serverTimeMs);
        this.#around.emit({ type: "clock", offsetMs: this.clock.offsetMs, roundTripMs: this.clock.roundTripMs });
        return;
      case "refused":
        this.#refuse(message.code, message.reason);
        return;
    }
  }

  receiveFrame(bytes: Uint8Array, nowMs: number): void {
    this.#heardAtMs = nowMs;
    let frame: FeedFrame;
    try {
      frame = decodeFeedFrame(bytes);
    } catch (fault) {
      this.#resync(fault instanceof Error ? fault.message : String(fault));
      return;
    }
    if (this.#phase === "welcome" || this.#phase === "units") return;
    if (frame.epoch !== this.#epoch) {
      this.#resync(`a frame of epoch ${frame.epoch} came in epoch ${this.#epoch}`);
      return;
    }
    if (frame.kind === "changes") {
      // Between a resync and its snapshot, changes of before may still be under way.
      if (this.#phase === "snapshot") return;
      if (frame.fromSeq !== this.#seq) {
        this.#resync(`the desk stands at ${this.#seq}, the frame begins at ${frame.fromSeq}`); // [F2]
        return;
      }
    }
    this.#seq = frame.toSeq;
    const delayMs = Math.max(0, nowMs + this.clock.offsetMs - frame.serverTimeMs);
    this.#around.emit({ type: "frame", columns: toColumns(frame), delayMs, coalesced: frame.coalesced });
    if (this.#phase === "snapshot") {
      this.#phase = "live";
      this.#around.emit({ type: "link", link: { state: "live" } });
    }
  }

  /** To be called about once a second. */
  tick(nowMs: number): void {
    if (nowMs - this.#heardAtMs > SILENCE_MS) {
      this.#around.close(false);
      return;
    }
    if (this.#phase !== "welcome" && nowMs - this.#pingedAtMs >= PING_EVERY_MS) {
      this.#pingedAtMs = nowMs;
      this.#around.send({ type: "ping", sentAtMs: nowMs });
    }
  }

  #welcome(version: number, epoch: number, serverTimeMs: number, nowMs: number): void {
    if (version !== FEED_VERSION) {
      this.#refuse("FEED_VERSION", `the server speaks version ${version}, this page ${FEED_VERSION}: reload the page`); // [F4]
      return;
    }
    this.#epoch = epoch;
    this.#phase = "units";
    this.clock.guess(nowMs, serverTimeMs);
    this.#around.emit({ type: "clock", offsetMs: this.clock.offsetMs, roundTripMs: this.clock.roundTripMs });
    this.#around.emit({ type: "link", link: { state: "loading" } });
    this.#pingedAtMs = nowMs;
    this.#around.send({ type: "ping", sentAtMs: nowMs });
  }

  #units(message: Extract<FeedToDesk, { type: "units" }>): void {
    if (message.epoch !== this.#epoch) {
      this.#resync(`units of epoch ${message.epoch} came in epoch ${this.#epoch}`);
      return;
    }
    if (message.all) {
      this.#callsigns.clear();
      this.#phase = "snapshot";
    } else {
      if (this.#phase !== "live") return;
      if (message.fromSeq !== this.#seq) {
        this.#resync(`the desk stands at ${this.#seq}, the units begin at ${message.fromSeq}`); // [F2]
        return;
      }
    }
    this.#seq = message.seq;
    this.#around.emit({ type: "units", change: this.#unitsChange(message) });
  }

  #unitsChange(message: Extract<FeedToDesk, { type: "units" }>): UnitsChange {
    let orderChanged = message.all;
    for (const no of message.remove) orderChanged = this.#callsigns.delete(no) || orderChanged;
    for (const unit of message.upsert) {
      orderChanged ||= this.#callsigns.get(unit.no) !== unit.callsign;
      this.#callsigns.set(unit.no, unit.callsign);
    }
    const change = { all: message.all, upsert: message.upsert, remove: message.remove };
    if (!orderChanged) return change;
    const sorted = [...this.#callsigns].sort((a, b) => this.#collator.compare(a[1], b[1]) || a[0] - b[0]);
    return { ...change, order: Uint32Array.from(sorted, ([no]) => no) };
  }

  #refuse(code: string, reason: string): void {
    this.#around.emit({ type: "link", link: { state: "refused", code, reason } });
    // A desk that read too slowly may come back; another version or a signed-out person may not.
    this.#around.close(code !== "FEED_TOO_SLOW");
  }

  #resync(why: string): void {
    if (this.#phase === "welcome" || this.#phase === "units") return;
    this.#phase = "units";
    this.#around.emit({ type: "link", link: { state: "loading" } });
    this.#around.send({ type: "resync", why: why.slice(0, 200) });
  }
}

function toColumns(frame: FeedFrame): UnitColumns {
  const { columns, count } = frame;
  const x = new Uint32Array(count);
  const y = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = mercatorX(columns.lngE7[i]!);
    y[i] = mercatorY(columns.latE7[i]!);
  }
  return {
    snapshot: frame.kind === "snapshot",
    count,
    unitNo: columns.unitNo,
    x,
    y,
    positionAt: columns.positionAt,
    baseMs: frame.baseMs,
    speedCms: columns.speedCms,
    headingCdeg: columns.headingCdeg,
    accuracyM: columns.accuracyM,
    status: columns.status,
    flags: columns.flags,
    battery: columns.battery,
  };
}
