import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { TestDevice } from "./running-broker.ts";

/** A client that sends the bytes it is told to and remembers the packets it gets. */
export class RawClient {
  readonly conn: Duplex;
  readonly packets: Packet[] = [];
  closed = false;
  readonly #parser = mqttPacket.parser();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(conn: Duplex) {
    this.conn = conn;
    this.#parser.on("packet", (packet: Packet) => {
      this.packets.push(packet);
      this.#changes.emit("change");
    });
    this.#parser.on("error", () => undefined);
    conn.on("data", (bytes: Buffer) => this.#parser.parse(bytes));
    conn.on("error", () => undefined);
    conn.on("close", () => {
      this.closed = true;
      this.#changes.emit("change");
    });
  }

  send(packet: Packet): void {
    this.conn.write(mqttPacket.generate(packet));
  }

  sendBytes(bytes: Uint8Array): void {
    this.conn.write(bytes);
  }

  /** Resolves with the first packet that fits, now or later; rejects where the connection closes before. */
  async wait<C extends Packet["cmd"]>(cmd: C, fits: (packet: Extract<Packet, { cmd: C }>) => boolean = () => true) {
    for (;;) {
      const found = this.packets.find((packet) => packet.cmd === cmd && fits(packet as Extract<Packet, { cmd: C }>));
      if (found !== undefined) return found as Extract<Packet, { cmd: C }>;
      if (this.closed) throw new Error(`closed before ${cmd}; got ${this.packets.map((p) => p.cmd).join(" ")}`);
      await this.#change();
    }
  }

  async waitClosed(): Promise<void> {
    while (!this.closed) await this.#change();
  }

  close(): Promise<void> {
    this.conn.destroy();
    return this.waitClosed();
  }

  #change(): Promise<void> {
    return once(this.#changes, "change").then(() => undefined);
  }
}

export async function openRaw(port: number): Promise<RawClient> {
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return new RawClient(socket);
}

export interface ConnectOptions {
  readonly clean?: boolean;
  readonly clientId?: string;
  readonly protocolVersion?: 3 | 4 | 5;
  readonly will?: { topic: string; payload: Buffer; qos: 0 | 1 | 2; retain: boolean };
}

export function connectPacket(device: TestDevice, options: ConnectOptions = {}): Packet {
  const protocolVersion = options.protocolVersion ?? 4;
  return {
    cmd: "connect",
    protocolId: protocolVersion === 3 ? "MQIsdp" : "MQTT",
    protocolVersion,
    clean: options.clean ?? true,
    clientId: options.clientId ?? device.id,
    keepalive: 60,
    username: device.id,
    password: Buffer.from(device.secret),
    ...(options.will === undefined ? {} : { will: options.will }),
  };
}

/** A device with its CONNACK; throws where the code is not 0. */
export async function connectRaw(port: number, device: TestDevice, options: ConnectOptions = {}): Promise<RawClient> {
  const client = await openRaw(port);
  client.send(connectPacket(device, options));
  const { returnCode } = await client.wait("connack");
  if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`);
  return client;
}

export function publishPacket(topic: string, payload: Uint8Array | string, qos: 0 | 1 | 2, messageId = 1): Packet {
  return { cmd: "publish", topic, payload: Buffer.from(payload), qos, messageId, dup: false, retain: false };
}

let lastMessageId = 0;

/** Publishes with QoS 1 and waits for the acknowledgement. */
export async function publishAcked(client: RawClient, topic: string, payload: Uint8Array | string): Promise<void> {
  lastMessageId = (lastMessageId % 65_535) + 1;
  const messageId = lastMessageId;
  client.send(publishPacket(topic, payload, 1, messageId));
  await client.wait("puback", (packet) => packet.messageId === messageId);
  client.packets.splice(0, client.packets.length, ...client.packets.filter((packet) => packet.cmd !== "puback"));
}
