import {
  decodeFeedFrame,
  FEED_FLAG,
  FEED_VERSION,
  type FeedFrame,
  type FeedHealth,
  type FeedToDesk,
  type FeedUnit,
} from "@wufen/contract";
import { WebSocket } from "ws";

/** One unit as the desk sees it. */
export interface DeskUnit {
  readonly lngE7: number;
  readonly latE7: number;
  readonly positionAtMs: number;
  readonly status: number;
  readonly flags: number;
}

/**
 * A desk without a screen: holds what the feed says, by the same rules as the map's own [F1, F2]. A hole that the server did
 * not announce is a failure, not a resync: this one checks the server.
 */
export class Desk {
  readonly units = new Map<number, FeedUnit>();
  readonly positions = new Map<number, DeskUnit>();
  health: FeedHealth | undefined;
  seq = -1;
  frames = 0;
  lagging = 0;
  closed: { code: number; reason: string } | undefined;
  refused: string | undefined;
  onFrame: ((frame: FeedFrame) => void) | undefined;
  readonly #socket: WebSocket;
  #waiting: { test: () => boolean; resolve: () => void }[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Buffer, binary: boolean) => {
      if (binary) this.#frame(decodeFeedFrame(data));
      else this.#message(JSON.parse(data.toString()) as FeedToDesk);
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
  }

  /** Opens the feed of `base` (http://host:port) with a session cookie and waits for the first snapshot. */
  static async open(base: string, cookie: string, version = FEED_VERSION): Promise<Desk> {
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}/api/feed`, { headers: { cookie, origin: base } });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const desk = new Desk(socket);
    socket.on("error", () => {});
    socket.send(JSON.stringify({ type: "hello", version }));
    await desk.until(() => desk.seq >= 0 || desk.closed !== undefined);
    return desk;
  }

  /** Resolves once `test` is true after a message; at once if it is already. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ test, resolve });
    });
  }

  find(callsign: string): DeskUnit | undefined {
    for (const unit of this.units.values()) if (unit.callsign === callsign) return this.positions.get(unit.no);
    return undefined;
  }

  close(): void {
    this.#socket.terminate();
  }

  #message(message: FeedToDesk): void {
    switch (message.type) {
      case "units":
        if (message.all) this.units.clear();
        else this.#advance(message.fromSeq, message.seq);
        for (const unit of message.upsert) this.units.set(unit.no, unit);
        for (const no of message.remove) {
          this.units.delete(no);
          this.positions.delete(no);
        }
        break;
      case "health":
        this.health = message;
        break;
      case "lagging":
        this.lagging += message.skippedFrames;
        break;
      case "refused":
        this.refused = message.code;
        break;
      case "welcome":
      case "pong":
        break;
    }
  }

  #frame(frame: FeedFrame): void {
    this.frames++;
    if (frame.kind === "snapshot") {
      this.positions.clear();
      this.seq = frame.toSeq;
    } else this.#advance(frame.fromSeq, frame.toSeq);
    const { columns } = frame;
    for (let i = 0; i < frame.count; i++) {
      const flags = columns.flags[i] as number;
      const no = columns.unitNo[i] as number;
      if ((flags & FEED_FLAG.hasPosition) === 0) {
        this.positions.delete(no);
        continue;
      }
      this.positions.set(no, {
        lngE7: columns.lngE7[i] as number,
        latE7: columns.latE7[i] as number,
        positionAtMs: frame.baseMs + (columns.positionAt[i] as number),
        status: columns.status[i] as number,
        flags,
      });
    }
    this.onFrame?.(frame);
  }

  #advance(from: number, to: number): void {
    if (this.seq >= 0 && from !== this.seq)
      throw new Error(`[F2] the feed jumped: from ${from}, the desk stands at ${this.seq}`);
    this.seq = to;
  }

  #wake(): void {
    const due = this.#waiting.filter(({ test }) => test());
    this.#waiting = this.#waiting.filter((entry) => !due.includes(entry));
    for (const { resolve } of due) resolve();
  }
}
