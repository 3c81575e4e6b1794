import type { IncomingMessage } from "node:http";
import type { RefusalReason } from "@wufen/contract";
import type { DeviceRegistry, KnownDevice } from "../access/device-registry.ts";
import type { FixWriter } from "../durable/fix-writer.ts";
import type { Ticket } from "../durable/ticket.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { PendingCommands } from "../protocol/pending-commands.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface OwnTracksHttpTools {
  readonly registry: DeviceRegistry;
  readonly ingest: Ingest;
  readonly writer: FixWriter;
  readonly commands: PendingCommands;
  readonly waitingPerDevice: number;
  refuse(deviceNo: number, reason: RefusalReason, nowMs: number): void;
}

/** Statuses of refusals the app must keep its message for, and of those where keeping it would help nobody. */
const STATUS: Partial<Record<RefusalReason, number>> = {
  "bad-credentials": 401,
  "device-disabled": 403,
  "no-order": 403,
  "client-id-not-own": 403,
  "rate-limited": 429,
  "queue-full": 503,
  "database-down": 503,
};

const waiting = new WeakMap<KnownDevice, number>();

/**
 * OwnTracks' HTTP mode: `POST /pub`, Basic auth, one JSON message; `X-Limit-U` and `X-Limit-D` name user and device. Any answer
 * but 2xx makes the app keep the message and try again, so a 2xx comes only after the commit [P7], and also for a message that
 * will never be taken.
 */
export async function takeOwnTracksPost(
  tools: OwnTracksHttpTools,
  request: IncomingMessage,
  body: Buffer,
): Promise<HttpAnswer> {
  const nowMs = Date.now();
  const refuse = (deviceNo: number, reason: RefusalReason): HttpAnswer => {
    tools.refuse(deviceNo, reason, nowMs);
    return { status: STATUS[reason] ?? 400, body: { code: reason, message: `refused: ${reason}` } };
  };
  const [user, secret] = basicAuth(request.headers.authorization);
  const signIn = tools.registry.signIn(user, secret);
  if (!signIn.ok) return refuse(signIn.deviceNo, signIn.reason);
  const { device } = signIn;
  const { no, id } = device.record;
  const limitUser = request.headers["x-limit-u"];
  if (limitUser !== undefined && limitUser !== id) return refuse(no, "client-id-not-own");
  if (!device.publishes.take(nowMs)) return refuse(no, "rate-limited");
  const held = waiting.get(device) ?? 0;
  if (held >= tools.waitingPerDevice || tools.writer.isFull) return refuse(no, "queue-full");

  waiting.set(device, held + 1);
  try {
    const durable = await take(tools, device, body, nowMs);
    if (!durable) return refuse(no, "database-down");
    return { status: 200, body: tools.commands.take(id, nowMs) };
  } finally {
    waiting.set(device, (waiting.get(device) ?? 1) - 1);
  }
}

function take(tools: OwnTracksHttpTools, device: KnownDevice, body: Buffer, receivedAtMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ticket: Ticket = { receivedAtMs, settled: false, settle: resolve };
    const topic = { kind: "owntracks-location", deviceId: device.record.id } as const;
    if (tools.ingest.take(device, topic, body, receivedAtMs, ticket) !== "queued") resolve(true);
  });
}

function basicAuth(header: string | undefined): [user: string, secret: string] {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "");
  const text = match === null ? "" : Buffer.from(match[1]!, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
}
