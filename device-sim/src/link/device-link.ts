import { commandTopic, ownTracksCommandTopic, ownTracksTopic, statusTopic } from "@wufen/contract";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Random } from "../random.ts";
import { createBackoff } from "./backoff.ts";
import type { DeviceCredentials } from "./credentials.ts";
import type { Publish } from "./encode-fixes.ts";

/** Most publishes that a device keeps while it has no acknowledgement; then the oldest goes and is counted. */
export const QUEUE_LIMIT = 400;
/** Unacknowledged publishes on the wire; brokers cap what one device may have waiting. */
export const IN_FLIGHT_LIMIT = 8;
const STOP_PATIENCE_MS = 1_500;

export interface LinkCounts {
  connects: number;
  disconnects: number;
  /** Answers to CONNECT other than “accepted”, by code. */
  refusedConnects: Record<string, number>;
  published: number;
  acknowledged: number;
  acknowledgedFixes: number;
  /** Fell out of the queue. */
  dropped: number;
  commands: number;
}

export function createLinkCounts(): LinkCounts {
  return {
    connects: 0,
    disconnects: 0,
    refusedConnects: {},
    published: 0,
    acknowledged: 0,
    acknowledgedFixes: 0,
    dropped: 0,
    commands: 0,
  };
}

export interface DeviceLinkOptions {
  url: string;
  device: DeviceCredentials;
  counts: LinkCounts;
  random: Random;
  /** The desk asks for the position now. */
  onReportRequest: () => void;
}

/**
 * A device's connection: MQTT 3.1.1, QoS 1, its own queue. What was not acknowledged is sent again, in order, after the
 * next connect; each connect is a new client, so nothing but this queue decides what is sent.
 */
export class DeviceLink {
  readonly #options: DeviceLinkOptions;
  readonly #queue: Publish[] = [];
  readonly #backoff: () => number;
  #resetBackoff: () => void;
  #client: MqttClient | undefined;
  #inFlight = 0;
  #isOnline = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeviceLinkOptions) {
    this.#options = options;
    const backoff = createBackoff(options.random);
    this.#backoff = backoff.nextMs;
    this.#resetBackoff = backoff.reset;
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  get queued(): number {
    return this.#queue.length;
  }

  start(afterMs: number): void {
    this.#timer = setTimeout(() => this.#connect(), afterMs);
  }

  offer(publish: Publish): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      // The head may be on the wire; the oldest that is not yet sent goes.
      this.#queue.splice(Math.min(this.#inFlight, this.#queue.length - 1), 1);
      this.#options.counts.dropped++;
    }
    this.#queue.push(publish);
    this.#send();
  }

  /** Says goodbye with a DISCONNECT, so that the last will stays silent; a broker that acknowledges no more is left without. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#detach();
    if (!client) return;
    if (!client.connected) {
      client.end(true);
      return;
    }
    await new Promise<void>((resolve) => {
      // mqtt.js waits for what is on the wire without a limit, and a second end() does not hurry it.
      const patience = setTimeout(() => {
        client.stream.destroy();
        resolve();
      }, STOP_PATIENCE_MS);
      client.end(false, () => {
        clearTimeout(patience);
        resolve();
      });
    });
  }

  #connect(): void {
    const client = mqtt.connect(this.#options.url, connectOptions(this.#options.device));
    this.#client = client;
    client.on("connect", () => {
      if (client !== this.#client) return;
      this.#options.counts.connects++;
      this.#isOnline = true;
      this.#resetBackoff();
      this.#hello(client);
      this.#send();
    });
    client.on("message", (_topic, payload) => this.#onCommand(payload));
    client.on("error", (error: Error & { code?: number | string }) => {
      if (client !== this.#client) return;
      if (typeof error.code === "number") {
        const { refusedConnects } = this.#options.counts;
        refusedConnects[error.code] = (refusedConnects[error.code] ?? 0) + 1;
      }
      this.#onClose(client);
    });
    client.on("close", () => this.#onClose(client));
  }

  #onClose(client: MqttClient): void {
    if (client !== this.#client) return;
    if (this.#isOnline) this.#options.counts.disconnects++;
    this.#detach();
    client.end(true);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#connect(), this.#backoff());
  }

  #detach(): void {
    this.#client = undefined;
    this.#isOnline = false;
    this.#inFlight = 0;
  }

  #hello(client: MqttClient): void {
    const { deviceId, protocol } = this.#options.device;
    const topic = protocol === "owntracks" ? ownTracksCommandTopic(deviceId) : commandTopic(deviceId);
    client.subscribe(topic, { qos: 1 }, () => {});
    if (protocol === "binary") client.publish(statusTopic(deviceId), '{"state":"online"}', { qos: 1 }, () => {});
  }

  #send(): void {
    const client = this.#client;
    while (client && this.#isOnline && this.#inFlight < Math.min(IN_FLIGHT_LIMIT, this.#queue.length)) {
      const publish = this.#queue[this.#inFlight] as Publish;
      this.#inFlight++;
      this.#options.counts.published++;
      const payload = Buffer.from(publish.payload.buffer, publish.payload.byteOffset, publish.payload.byteLength);
      client.publish(publish.topic, payload, { qos: 1, retain: publish.retain }, (error) => {
        if (error || client !== this.#client) return;
        const at = this.#queue.indexOf(publish);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        this.#inFlight--;
        this.#options.counts.acknowledged++;
        this.#options.counts.acknowledgedFixes += publish.fixes;
        this.#send();
      });
    }
  }

  #onCommand(payload: Uint8Array): void {
    let command: unknown;
    try {
      command = JSON.parse(Buffer.from(payload).toString());
    } catch {
      return;
    }
    this.#options.counts.commands++;
    const action = typeof command === "object" && command !== null && "action" in command ? command.action : undefined;
    if (action === "reportLocation" || action === "report-now") this.#options.onReportRequest();
  }
}

function connectOptions({ deviceId, secret, protocol }: DeviceCredentials): IClientOptions {
  const isOwnTracks = protocol === "owntracks";
  return {
    protocolVersion: 4,
    clientId: deviceId,
    username: deviceId,
    password: secret,
    clean: !isOwnTracks,
    keepalive: 60,
    reconnectPeriod: 0,
    connectTimeout: 10_000,
    queueQoSZero: false,
    resubscribe: false,
    will: isOwnTracks
      ? { topic: ownTracksTopic(deviceId), payload: Buffer.from('{"_type":"lwt","tst":0}'), qos: 1, retain: false }
      : { topic: statusTopic(deviceId), payload: Buffer.from('{"state":"offline"}'), qos: 1, retain: false },
  };
}
