import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";

type Done = (error?: Error | null) => void;

/**
 * A WebSocket as the byte stream MQTT wants. What is written in one turn goes out as one frame: aedes writes a packet in three
 * to five chunks, and some clients take a frame for a packet.
 */
export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on("message", (data: RawData, isBinary) => {
      // MQTT 3.1.1 §6: text frames end the connection [MQTT-6.0.0-1].
      if (!isBinary) this.destroy();
      else if (!this.push(toBuffer(data))) socket.pause();
    });
    // What came before is still read.
    socket.on("close", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#socket.send(chunk, { binary: true }, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#socket.send(Buffer.concat(chunks.map(({ chunk }) => toBytes(chunk))), { binary: true }, done);
  }

  override _final(done: Done): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.terminate();
    done(error);
  }
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function toBytes(chunk: Buffer | string): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
