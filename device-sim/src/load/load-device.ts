import { connect, type Socket } from "node:net";
import { type BinaryPingFix, encodeBinaryPing, LIMITS, pingTopic } from "@wufen/contract";
import { connectPacket, publishPacket, readAnswers, text } from "./packets.ts";

/** What a device tells the one who runs it. */
export interface LoadEvents {
  acknowledged(device: LoadDevice, fixes: readonly BinaryPingFix[], waitedMs: number): void;
  lost(device: LoadDevice): void;
  refused(device: LoadDevice, code: number): void;
}

export interface LoadTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string | undefined;
}

/** Longer queues drop their oldest: what a device measured and nobody acknowledged may be lost, what was acknowledged may not. */
const QUEUE_LIMIT = 600;
const RECONNECT_MS = { least: 200, most: 2000 };
const KEEPALIVE_SECONDS = 600;

/** One device under load: at most one publish in flight; what waits meanwhile goes out as a backlog in the next. */
export class LoadDevice {
  readonly index: number;
  connected = false;
  dropped = 0;
  readonly #deviceId: string;
  readonly #secret: string;
  readonly #target: LoadTarget;
  readonly #events: LoadEvents;
  readonly #random: () => number;
  readonly #topic: Buffer;
  #socket: Socket | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #queue: BinaryPingFix[] = [];
  #inFlight: BinaryPingFix[] = [];
  #sentAtMs = 0;
  #packetId = 0;
  #repeat = false;
  #closed = false;

  constructor(
    index: number,
    deviceId: string,
    secret: string,
    target: LoadTarget,
    events: LoadEvents,
    random: () => number,
  ) {
    this.index = index;
    this.#deviceId = deviceId;
    this.#secret = secret;
    this.#target = target;
    this.#events = events;
    this.#random = random;
    this.#topic = text(pingTopic(deviceId));
  }

  get waiting(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  open(): void {
    const { host, port, localAddress } = this.#target;
    const socket = connect({ host, port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    this.#socket = socket;
    this.#rest = Buffer.alloc(0);
    socket.once("connect", () => socket.write(connectPacket(this.#deviceId, this.#secret, KEEPALIVE_SECONDS)));
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", () => {}); // 'close' follows and says enough
    socket.once("close", () => this.#closedBy(socket));
  }

  add(fix: BinaryPingFix): void {
    this.#queue.push(fix);
    if (this.#queue.length > QUEUE_LIMIT) {
      this.#queue.shift();
      this.dropped++;
    }
    this.#sendNext();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #read(bytes: Buffer): void {
    this.#rest = readAnswers(this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]), (answer) => {
      if (answer.kind === "puback") {
        if (answer.packetId === this.#packetId && this.#inFlight.length > 0) this.#acknowledged();
      } else if (answer.code === 0) {
        this.connected = true;
        this.#sendNext();
      } else this.#events.refused(this, answer.code);
    });
  }

  #acknowledged(): void {
    const fixes = this.#inFlight;
    this.#inFlight = [];
    this.#repeat = false;
    this.#events.acknowledged(this, fixes, Date.now() - this.#sentAtMs);
    this.#sendNext();
  }

  #sendNext(): void {
    if (!this.connected || (this.#inFlight.length > 0 && !this.#repeat)) return;
    const duplicate = this.#repeat;
    if (!duplicate) {
      if (this.#queue.length === 0) return;
      this.#inFlight = this.#queue.splice(0, LIMITS.fixesPerPing);
      this.#packetId = (this.#packetId % 65_535) + 1;
      this.#sentAtMs = Date.now();
    }
    this.#repeat = false;
    const payload = encodeBinaryPing({
      sentAtMs: Date.now(),
      batteryPercent: 80,
      simulated: true,
      backlog: duplicate || this.#inFlight.length > 1,
      fixes: this.#inFlight,
    });
    this.#socket?.write(publishPacket(this.#topic, this.#packetId, payload, duplicate));
  }

  #closedBy(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (this.connected) this.#events.lost(this);
    this.connected = false;
    this.#repeat = this.#inFlight.length > 0;
    if (this.#closed) return;
    const pauseMs = RECONNECT_MS.least + this.#random() * (RECONNECT_MS.most - RECONNECT_MS.least);
    setTimeout(() => {
      if (!this.#closed) this.open();
    }, pauseMs);
  }
}
