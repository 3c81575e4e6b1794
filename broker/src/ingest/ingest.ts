import type { DeviceTopic, RefusalReason } from "@wufen/contract";
import type { KnownDevice } from "../access/device-registry.ts";
import type { FixWriter } from "../durable/fix-writer.ts";
import type { Ticket } from "../durable/ticket.ts";
import type { Metrics } from "../metrics.ts";
import type { Presence } from "../presence/presence.ts";
import type { GateLimits } from "./gate.ts";
import { type IncomingPublish, type StepTools, takeSteps } from "./publish-steps.ts";

export interface IngestTools {
  readonly gate: GateLimits;
  readonly writer: FixWriter;
  readonly presence: Presence;
  readonly metrics: Metrics;
  refuse(deviceNo: number, reason: RefusalReason, nowMs: number): void;
}

/** What becomes of a message: refused, nothing to store, or on its way to the database. */
export type Taken = RefusalReason | "nothing" | "queued";

/** The way in for a device's message, whether it came over MQTT or HTTP. */
export class Ingest {
  readonly #tools: IngestTools;
  readonly #steps: StepTools;

  constructor(tools: IngestTools) {
    this.#tools = tools;
    this.#steps = {
      gate: tools.gate,
      refuseFix: (device, reason) => {
        tools.metrics.refused++;
        tools.refuse(device.record.no, reason, Date.now());
      },
    };
  }

  /**
   * Takes a message through the steps. Only for `queued` the ticket is settled later.
   *
   * @param live false for a last will: the connection it speaks of is gone
   */
  take(
    device: KnownDevice,
    topic: DeviceTopic | undefined,
    payload: Buffer,
    receivedAtMs: number,
    ticket: Ticket | undefined,
  ): Taken {
    const { metrics, writer, presence } = this.#tools;
    metrics.publishes++;
    const publish: IncomingPublish = {
      device,
      topic,
      payload,
      receivedAtMs,
      measured: [],
      sentAtMs: undefined,
      presence: undefined,
      fixes: [],
    };
    const refused = takeSteps(publish, this.#steps);
    if (refused !== undefined) {
      metrics.refused++;
      this.#tools.refuse(device.record.no, refused, receivedAtMs);
      return refused;
    }
    if (publish.presence !== undefined) presence.set(device.record.no, publish.presence === "online", receivedAtMs);
    if (publish.fixes.length === 0) return "nothing";
    writer.submit(
      publish.fixes.map((fix) => ({ fix, device, ticket })),
      ticket,
    );
    return "queued";
  }
}
