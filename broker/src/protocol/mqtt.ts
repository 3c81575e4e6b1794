import { isOwnSubscription, parseDeviceTopic, type RefusalReason } from "@wufen/contract";
import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from "aedes";
import type { DeviceRegistry, KnownDevice } from "../access/device-registry.ts";
import { Flapping } from "../access/flapping.ts";
import type { Session } from "../access/session.ts";
import type { Limits } from "../config.ts";
import type { FixWriter } from "../durable/fix-writer.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { Metrics } from "../metrics.ts";
import type { Presence } from "../presence/presence.ts";
import { createCommandEmitter } from "./command-emitter.ts";
import { type CommandPersistence, markAsDevices } from "./command-persistence.ts";
import { acknowledge, type PublishDone, PublishTicket } from "./publish-ticket.ts";

/** CONNACK return codes, MQTT 3.1.1 §3.2.2.3. */
const CONNACK = { badClientId: 2, unavailable: 3, badCredentials: 4, notAuthorized: 5 } as const;

export interface MqttTools {
  readonly limits: Limits;
  readonly registry: DeviceRegistry;
  readonly ingest: Ingest;
  readonly writer: FixWriter;
  readonly presence: Presence;
  readonly metrics: Metrics;
  sessionOf(conn: object): Session | undefined;
  readonly persistence: CommandPersistence;
  refuse(deviceNo: number, reason: RefusalReason, nowMs: number): void;
  /** The connection is the device's; CONNACK comes next. */
  onConnected(device: KnownDevice): void;
}

/** aedes as the protocol's front: who may connect, publish and subscribe; pings leave it in `authorizePublish`. */
export function createMqtt(tools: MqttTools): Aedes {
  const { limits } = tools;
  const flapping = new Flapping(limits.flapsPerMinute, limits.flapBanMs);
  const aedes = new Aedes({
    mq: createCommandEmitter(),
    persistence: tools.persistence,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    // 0: aedes would answer with a code that MQTT 3.1.1 does not have.
    keepaliveLimit: 0,
    // Device ids are up to 40 characters; 3.1 allows servers to take more than 23.
    maxClientsIdLength: 40,
    preConnect: (_client, packet, done) => {
      if (packet.protocolVersion === 5) tools.refuse(0, "protocol-version", Date.now());
      // A server may name a nameless client of a clean session [MQTT-3.1.3-6]: after its user, as all are.
      if (packet.clientId === "" && packet.clean === true && packet.username !== undefined)
        packet.clientId = packet.username;
      done(null, true);
    },
    authenticate: (client, username, password, done) => {
      const refused = signIn(tools, flapping, client, username, password);
      if (refused === undefined) done(null, true);
      else done(Object.assign(new Error(refused.reason), { returnCode: refused.code }) as AuthenticateError, null);
    },
    authorizePublish: (client, packet, done) => authorizePublish(tools, client, packet, done),
    authorizeSubscribe: (client, subscription, done) => done(null, authorizeSubscribe(tools, client, subscription)),
  });
  // The order in which connections with one id are registered is the order in which they take over.
  aedes.on("client", (client) => {
    const session = tools.sessionOf(client.conn);
    if (session?.device === undefined || session.closed) return;
    session.device.session = session;
    tools.onConnected(session.device);
  });
  aedes.on("clientReady", (client) => {
    const session = tools.sessionOf(client.conn);
    if (session?.device === undefined) return;
    session.ready = true;
    if (session.device.session === session) tools.presence.set(session.device.record.no, true, Date.now());
    session.release("connecting");
  });
  const count = (client: Client, error: Error) => {
    const reason = connectionRefusal(error);
    if (reason !== undefined) tools.refuse(tools.sessionOf(client.conn)?.device?.record.no ?? 0, reason, Date.now());
  };
  aedes.on("clientError", count);
  aedes.on("connectionError", count);
  return aedes;
}

function signIn(
  tools: MqttTools,
  flapping: Flapping,
  client: Client,
  username: string | undefined,
  password: Buffer | undefined,
): { readonly code: number; readonly reason: string } | undefined {
  const nowMs = Date.now();
  // [P9]
  if (!tools.writer.isUp) return { code: CONNACK.unavailable, reason: "the database is away" };
  if (tools.metrics.loopDelayP99Ms > tools.limits.eventLoopDelayMs) {
    tools.refuse(0, "queue-full", nowMs);
    return { code: CONNACK.unavailable, reason: "too busy" };
  }
  const session = tools.sessionOf(client.conn);
  if (session === undefined) return { code: CONNACK.unavailable, reason: "no session" };
  const result = tools.registry.signIn(username ?? "", password ?? "");
  if (!result.ok) {
    tools.refuse(result.deviceNo, result.reason, nowMs);
    const code = result.reason === "bad-credentials" ? CONNACK.badCredentials : CONNACK.notAuthorized;
    return { code, reason: result.reason };
  }
  const { device } = result;
  if (client.id !== device.record.id) {
    tools.refuse(device.record.no, "client-id-not-own", nowMs);
    return { code: CONNACK.badClientId, reason: "client-id-not-own" };
  }
  if (flapping.connects(device.record.no, nowMs)) {
    tools.refuse(device.record.no, "flapping", nowMs);
    return { code: CONNACK.unavailable, reason: "flapping" };
  }
  session.device = device;
  // aedes closes the connection before; its end then finds a newer one here.
  device.session = session;
  return undefined;
}

function authorizePublish(tools: MqttTools, client: Client | null, packet: PublishPacket, done: PublishDone): void {
  const nowMs = Date.now();
  const session = client === null ? undefined : tools.sessionOf(client.conn);
  const device = session?.device;
  if (client === null || session === undefined || device === undefined) {
    done(null);
    return;
  }
  if (packet.topic.startsWith("$SYS/") || packet.topic.includes("\0")) {
    session.waiting--;
    tools.refuse(device.record.no, "topic-not-allowed", nowMs);
    done(new Error("topic may not be published to"));
    return;
  }
  // Nothing of a device is retained: its last position is ours to keep. Nor does it wait for another device.
  packet.retain = false;
  markAsDevices(packet, client.id);
  const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
  if (client.closed) {
    // A last will: only a hint, and none at all where the device has connected again.
    if (device.session === undefined || device.session === session) {
      tools.ingest.take(device, topicOf(session, packet.topic), payload, nowMs, undefined);
    }
    done(null);
    return;
  }
  const messageId = packet.qos === 1 ? packet.messageId : undefined;
  const ticket = packet.qos === 0 ? undefined : new PublishTicket(session, messageId, done, nowMs, tools.metrics);
  // The acknowledgement is ours to write; aedes has no more to do for it than for QoS 0.
  if (packet.qos === 1) packet.qos = 0;
  const taken = tools.ingest.take(device, topicOf(session, packet.topic), payload, nowMs, ticket);
  if (ticket !== undefined && taken === "queued") return;
  session.waiting--;
  session.release("waiting");
  if (messageId !== undefined) acknowledge(session, messageId);
  done(null);
}

/** A device keeps publishing to one topic: it is read once. */
function topicOf(session: Session, topic: string) {
  if (session.topic !== topic) {
    session.topic = topic;
    session.parsedTopic = parseDeviceTopic(topic);
  }
  return session.parsedTopic;
}

/** Null is answered with 0x80 and leaves the connection as it is. */
function authorizeSubscribe(tools: MqttTools, client: Client, subscription: Subscription): Subscription | null {
  const device = tools.sessionOf(client.conn)?.device;
  if (device === undefined) return null;
  const { subscriptions } = client as unknown as { subscriptions: Record<string, unknown> };
  const hasRoom =
    subscription.topic in subscriptions || Object.keys(subscriptions).length < tools.limits.subscriptionsPerDevice;
  if (hasRoom && isOwnSubscription(subscription.topic, device.record.id)) return subscription;
  tools.refuse(device.record.no, "subscription-not-allowed", Date.now());
  return null;
}

/** What an error of aedes counts as; the others are ordinary ends of connections. */
function connectionRefusal(error: Error): RefusalReason | undefined {
  if (error.message === "connect did not arrive in time") return "connect-timeout";
  if (error.message === "drain timeout") return "slow-consumer";
  if (/^(Invalid|Cannot|Packet|Malformed|Not supported|empty topic|# is|\+ is|topic has)/i.test(error.message))
    return "malformed";
  return undefined;
}
