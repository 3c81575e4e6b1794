import type { DeviceTopic, Fix, RefusalReason } from "@wufen/contract";
import { type KnownDevice, needsOrder } from "../access/device-registry.ts";
import { decodeBinary } from "../decode/binary.ts";
import type { Measured } from "../decode/decoded.ts";
import { decodeOwnTracks, decodeStatus } from "../decode/owntracks.ts";
import { gcj02ToWgs84 } from "../decode/wgs84.ts";
import { type GateLimits, refuseFix } from "./gate.ts";

/** A message of a device on its way in. */
export interface IncomingPublish {
  readonly device: KnownDevice;
  /** Undefined: no topic a device may publish to. */
  readonly topic: DeviceTopic | undefined;
  readonly payload: Buffer;
  readonly receivedAtMs: number;
  /** What the steps make of it. */
  measured: readonly Measured[];
  sentAtMs: number | undefined;
  presence: "online" | "offline" | undefined;
  fixes: Fix[];
}

export interface StepTools {
  readonly gate: GateLimits;
  /** Counts refused fixes of a message that is not refused as a whole [P6]. */
  refuseFix(device: KnownDevice, reason: RefusalReason): void;
}

/** A reason refuses the message and ends its way; it is acknowledged all the same, or the device would send it for ever. */
type Step = (publish: IncomingPublish, tools: StepTools) => RefusalReason | undefined;

/** What a publish goes through, in this order, before its fixes are stored and it is acknowledged. */
export const PUBLISH_STEPS: readonly Step[] = [ownTopic, enabled, orderInForce, onDuty, decode, toWgs84, gate];

export function takeSteps(publish: IncomingPublish, tools: StepTools): RefusalReason | undefined {
  for (const step of PUBLISH_STEPS) {
    const refused = step(publish, tools);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function ownTopic({ topic, device }: IncomingPublish): RefusalReason | undefined {
  return topic?.deviceId === device.record.id ? undefined : "topic-not-allowed";
}

/** A disabled device has lost its connection; what was read of it before is not taken either. */
function enabled({ device }: IncomingPublish): RefusalReason | undefined {
  return device.record.disabled ? "device-disabled" : undefined;
}

/** [O1] */
function orderInForce({ device }: IncomingPublish): RefusalReason | undefined {
  return needsOrder(device.record) ? "no-order" : undefined;
}

/** Guard rail 7: off duty is not collected. */
function onDuty({ device }: IncomingPublish): RefusalReason | undefined {
  return device.record.offDuty ? "off-duty" : undefined;
}

function decode(publish: IncomingPublish): RefusalReason | undefined {
  const decoded = decodeFor(publish);
  switch (decoded.kind) {
    case "fixes":
      publish.measured = decoded.fixes;
      publish.sentAtMs = decoded.sentAtMs;
      return undefined;
    case "presence":
      publish.presence = decoded.online ? "online" : "offline";
      return undefined;
    case "nothing":
      return undefined;
    case "malformed":
      return "malformed";
  }
}

function decodeFor({ topic, payload }: IncomingPublish) {
  switch (topic?.kind) {
    case "binary-ping":
      return decodeBinary(payload);
    case "status":
      return decodeStatus(payload);
    default:
      return decodeOwnTracks(payload);
  }
}

function toWgs84(publish: IncomingPublish): undefined {
  if (publish.device.record.datum === "gcj02") publish.measured = publish.measured.map(gcj02ToWgs84);
}

function gate(publish: IncomingPublish, tools: StepTools): undefined {
  const { device, receivedAtMs, sentAtMs } = publish;
  if (publish.measured.length === 0) return;
  // Only the topic of a position carries one: a fence crossed or a beacon seen is none.
  if (publish.topic?.kind === "owntracks-other") return;
  const offsetMs = sentAtMs === undefined ? undefined : device.clock.observe(sentAtMs, receivedAtMs);
  const clockOffsetMs = offsetMs === undefined || Math.abs(offsetMs) > 0x7fffffff ? undefined : offsetMs;
  for (const measured of publish.measured) {
    const fix: Fix = {
      deviceNo: device.record.no,
      fixedAtMs: measured.fixedAtMs,
      seq: measured.seq,
      receivedAtMs,
      lngE7: measured.lngE7,
      latE7: measured.latE7,
      accuracyDm: measured.accuracyDm,
      speedCms: measured.speedCms,
      headingCdeg: measured.headingCdeg,
      altitudeM: measured.altitudeM,
      batteryPercent: measured.batteryPercent,
      clockOffsetMs,
      flags: measured.flags,
    };
    const refused = refuseFix(fix, receivedAtMs, tools.gate);
    if (refused === undefined) publish.fixes.push(fix);
    else tools.refuseFix(device, refused);
  }
}
