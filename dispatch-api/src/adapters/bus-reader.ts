import { connect, type Socket } from "node:net";
import { BUS_FRAME_LIMIT_BYTES, type BusFrame, decodeBusFrame } from "@wufen/contract";
import type { Logger } from "pino";
import type { BusHooks, BusSource } from "./bus-source.ts";

const RECONNECT_FIRST_MS = 100;
const RECONNECT_LONGEST_MS = 1000;
const LENGTH_BYTES = 4;

/** Follows one broker's unix socket and connects again for ever, until stopped. */
export class BusReader implements BusSource {
  readonly brokers = 1;
  readonly path: string;
  readonly #onFrame: (frame: BusFrame) => void;
  readonly #onConnect: () => void;
  readonly #log: Logger;
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pauseMs = RECONNECT_FIRST_MS;
  #stopped = false;
  connected = false;
  receivedBytes = 0;

  constructor(path: string, hooks: BusHooks, log: Logger) {
    this.path = path;
    this.#onFrame = hooks.onFrame;
    this.#onConnect = hooks.onConnect;
    this.#log = log;
  }

  start(): void {
    const socket = connect(this.path);
    this.#socket = socket;
    let rest: Buffer = Buffer.alloc(0);
    socket.on("connect", () => {
      this.connected = true;
      this.#pauseMs = RECONNECT_FIRST_MS;
      this.#log.info({ path: this.path }, "fix bus connected");
      this.#onConnect();
    });
    socket.on("data", (chunk) => {
      this.receivedBytes += chunk.length;
      try {
        rest = this.#readFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
      } catch (error) {
        this.#log.error({ err: error, path: this.path }, "fix bus broken; reading the rest from the database");
        socket.destroy();
      }
    });
    socket.on("error", (error) => this.#log.debug({ err: error, path: this.path }, "fix bus error"));
    socket.on("close", () => {
      if (this.connected) this.#log.warn({ path: this.path }, "fix bus lost; connecting again");
      this.connected = false;
      if (this.#stopped) return;
      this.#retry = setTimeout(() => this.start(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, RECONNECT_LONGEST_MS);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #readFrames(bytes: Buffer): Buffer {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > BUS_FRAME_LIMIT_BYTES) {
        throw new RangeError(`bus frame of ${length} bytes is longer than ${BUS_FRAME_LIMIT_BYTES}`);
      }
      const end = at + LENGTH_BYTES + length;
      if (bytes.length < end) break;
      this.#onFrame(decodeBusFrame(bytes.subarray(at + LENGTH_BYTES, end)));
      at = end;
    }
    return bytes.subarray(at);
  }
}
