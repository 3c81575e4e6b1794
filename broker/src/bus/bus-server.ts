import { chmod, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { BUS_HEARTBEAT_MS, type BusFrame, encodeBusFrame } from "@wufen/contract";
import type { Logger } from "pino";
import type { Bus, BusRepeats } from "./bus.ts";

export interface BusServerOptions extends BusRepeats {
  readonly path: string;
  /** Bytes that may wait for one reader before it is cut; it then catches up from the database. */
  readonly bufferBytes: number;
  readonly log: Logger;
}

/** The broker's end of the fix bus on one machine: every reader gets each frame, preceded by its length (u32 LE). */
export class BusServer implements Bus {
  readonly #options: BusServerOptions;
  readonly #readers = new Set<Socket>();
  readonly #server: Server;
  #heart: NodeJS.Timeout | undefined;

  constructor(options: BusServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** @throws Error where another process answers on the path */
  async listen(): Promise<void> {
    const { path } = this.#options;
    if (await answers(path))
      throw new Error(`WUFEN_BUS_SOCKET=${path} is in use by another broker: give each its own path`);
    // Left by a process that was killed.
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => resolve());
    });
    // Everyone's positions: for our own user only, whatever the umask.
    await chmod(path, 0o600);
    this.#heart = setInterval(() => this.send(this.#options.heartbeat()), BUS_HEARTBEAT_MS);
  }

  send(frame: BusFrame): void {
    if (this.#readers.size === 0) return;
    const bytes = withLength(frame);
    for (const reader of this.#readers) this.#write(reader, bytes);
  }

  async close(): Promise<void> {
    clearInterval(this.#heart);
    for (const reader of this.#readers) reader.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #welcome(socket: Socket): void {
    this.#readers.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#readers.delete(socket));
    // Readers say nothing; reading notices their end.
    socket.resume();
    for (const frame of [this.#options.heartbeat(), this.#options.presence()]) this.#write(socket, withLength(frame));
  }

  #write(reader: Socket, bytes: Buffer): void {
    if (reader.writableLength + bytes.length > this.#options.bufferBytes) {
      this.#options.log.warn({ waitingBytes: reader.writableLength }, "a bus reader is too slow and is cut");
      this.#readers.delete(reader);
      reader.destroy();
      return;
    }
    reader.write(bytes);
  }
}

function withLength(frame: BusFrame): Buffer {
  const body = encodeBusFrame(frame);
  const bytes = Buffer.allocUnsafe(4 + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.set(body, 4);
  return bytes;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
