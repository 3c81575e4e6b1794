import { decodeFeedFrame, FEED_VERSION, type FeedFrame, type FeedToDesk } from "@wufen/contract";
import { WebSocket } from "ws";

export interface DeskRow {
  readonly lngE7: number;
  readonly latE7: number;
  readonly positionAtMs: number;
  readonly status: number;
  readonly flags: number;
}

/** A desk that holds what the feed says and fails on a hole [F2]. */
export class TestDesk {
  readonly rows = new Map<number, DeskRow>();
  readonly messages: FeedToDesk[] = [];
  readonly frames: FeedFrame[] = [];
  seq = -1;
  closed: number | undefined;
  readonly #socket: WebSocket;
  #waiting: { test: () => boolean; resolve: () => void }[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Buffer, binary: boolean) => {
      if (binary) this.#frame(decodeFeedFrame(data));
      else this.#hear(JSON.parse(data.toString()) as FeedToDesk);
      this.#wake();
    });
    socket.on("close", (code) => {
      this.closed = code;
      this.#wake();
    });
    socket.on("error", () => {});
  }

  static async open(base: string, headers: Record<string, string>, version: number = FEED_VERSION): Promise<TestDesk> {
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}/api/feed`, { headers });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const desk = new TestDesk(socket);
    desk.say({ type: "hello", version });
    return desk;
  }

  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends text as it is. */
  sayText(text: string): void {
    this.#socket.send(text);
  }

  /** Reads no more from its TCP socket. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  findLast<T extends FeedToDesk["type"]>(type: T): Extract<FeedToDesk, { type: T }> | undefined {
    return this.messages.findLast((message): message is Extract<FeedToDesk, { type: T }> => message.type === type);
  }

  close(): void {
    this.#socket.terminate();
  }

  #hear(message: FeedToDesk): void {
    this.messages.push(message);
    if (message.type !== "units") return;
    if (!message.all) this.#advance(message.fromSeq, message.seq);
    for (const no of message.remove) this.rows.delete(no);
  }

  #frame(frame: FeedFrame): void {
    this.frames.push(frame);
    if (frame.kind === "snapshot") {
      this.rows.clear();
      this.seq = frame.toSeq;
    } else this.#advance(frame.fromSeq, frame.toSeq);
    const { columns } = frame;
    for (let i = 0; i < frame.count; i++) {
      this.rows.set(columns.unitNo[i] ?? 0, {
        lngE7: columns.lngE7[i] ?? 0,
        latE7: columns.latE7[i] ?? 0,
        positionAtMs: frame.baseMs + (columns.positionAt[i] ?? 0),
        status: columns.status[i] ?? 0,
        flags: columns.flags[i] ?? 0,
      });
    }
  }

  #advance(from: number, to: number): void {
    if (from !== this.seq) throw new Error(`[F2] the feed jumped: from ${from}, the desk stands at ${this.seq}`);
    this.seq = to;
  }

  #wake(): void {
    const due = this.#waiting.filter(({ test }) => test());
    this.#waiting = this.#waiting.filter((entry) => !due.includes(entry));
    for (const { resolve } of due) resolve();
  }
}
