import { isUtf8 } from "node:buffer";
import { DeviceStatus, FIX_FLAG, OwnTracksLocation, OwnTracksLwt, OwnTracksTransition } from "@wufen/contract";
import { Compile } from "typebox/compile";
import { type Decoded, type Measured, malformed, NOTHING } from "./decoded.ts";

const location = Compile(OwnTracksLocation);
const lwt = Compile(OwnTracksLwt);
const transition = Compile(OwnTracksTransition);
const status = Compile(DeviceStatus);

/** Types the apps send that carry no position of the device. */
const WITHOUT_FIX = new Set([
  "waypoint",
  "waypoints",
  "status",
  "steps",
  "step",
  "beacon",
  "beacons",
  "card",
  "configuration",
  "dump",
  "request",
]);

/** Reads a message of the OwnTracks app, whatever its topic. Never throws. Source: OwnTracks booklet, “JSON”. */
export function decodeOwnTracks(payload: Buffer): Decoded {
  // The app clears a retained message so.
  if (payload.length === 0) return NOTHING;
  const message = parseJson(payload);
  if (message === undefined) return malformed("not a JSON object");
  const type = message._type;
  switch (type) {
    case "location":
      return location.Check(message) ? decodeLocation(message) : malformed(firstProblem(location, message));
    case "lwt":
      return lwt.Check(message) ? { kind: "presence", online: false } : malformed(firstProblem(lwt, message));
    case "transition":
      return transition.Check(message) ? NOTHING : malformed(firstProblem(transition, message));
    case "encrypted":
      return malformed("encrypted payload: switch encryption off in the app, TLS protects the way");
    default:
      return typeof type === "string" && WITHOUT_FIX.has(type)
        ? NOTHING
        : malformed(`_type ${JSON.stringify(type)} is unknown`);
  }
}

/** Reads what our own devices say on `wufen/<id>/status`. */
export function decodeStatus(payload: Buffer): Decoded {
  if (payload.length === 0) return NOTHING;
  const message = parseJson(payload);
  if (message === undefined) return malformed("not a JSON object");
  return status.Check(message)
    ? { kind: "presence", online: message.state === "online" }
    : malformed(firstProblem(status, message));
}

function decodeLocation(message: OwnTracksLocation): Decoded {
  const speedCms = fromZero(message.vel, 100_000 / 3600);
  const measured = {
    fixedAtMs: Math.round(message.tst * 1000),
    lngE7: Math.round(message.lon * 1e7),
    latE7: Math.round(message.lat * 1e7),
    // No receiver measures to 0 m, so a dropped zero says nothing either.
    accuracyDm: message.acc === undefined || message.acc <= 0 ? undefined : fromZero(message.acc, 10),
    speedCms,
    headingCdeg: heading(message.cog, speedCms),
    altitudeM: message.alt === undefined ? undefined : clamp(Math.round(message.alt), -32_768, 32_766),
    batteryPercent:
      message.batt === undefined || message.batt < 0 || message.batt > 100 ? undefined : Math.round(message.batt),
    flags: FIX_FLAG.ownTracks | (message.t === "p" ? FIX_FLAG.aliveOnly : 0),
  };
  const fix: Measured = { ...measured, seq: contentHash(measured) };
  return {
    kind: "fixes",
    fixes: [fix],
    sentAtMs: message.created_at === undefined ? undefined : message.created_at * 1000,
  };
}

/** The app drops zeros, so a missing speed is 0; iOS says −1 where it does not know. */
function fromZero(value: number | undefined, scale: number): number | undefined {
  if (value === undefined) return 0;
  return value < 0 ? undefined : Math.min(Math.round(value * scale), 65_534);
}

/** A missing course is north where the device moves, and means nothing where it stands. */
function heading(cog: number | undefined, speedCms: number | undefined): number | undefined {
  if (cog === undefined) return speedCms === undefined || speedCms === 0 ? undefined : 0;
  return cog < 0 ? undefined : Math.round(cog * 100) % 36_000;
}

/**
 * The app numbers nothing: 31 bits of FNV-1a over the fix itself, so that the same message twice, also once over MQTT and once
 * over HTTP, is one fix [P2], and two fixes of one second are two.
 */
function contentHash(fix: Omit<Measured, "seq">): number {
  let hash = 0x811c9dc5;
  for (const value of [fix.lngE7, fix.latE7, fix.accuracyDm, fix.speedCms, fix.headingCdeg, fix.altitudeM, fix.flags]) {
    const word = value ?? -0x80000000;
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 0xff), 0x01000193);
  }
  return hash & 0x7fffffff;
}

function parseJson(payload: Buffer): Record<string, unknown> | undefined {
  if (!isUtf8(payload)) return undefined;
  try {
    const value: unknown = JSON.parse(payload.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function firstProblem(
  schema: { Errors(value: unknown): readonly { instancePath: string; message: string }[] },
  message: unknown,
): string {
  const [error] = schema.Errors(message);
  return error === undefined ? "unknown form" : `${error.instancePath || "/"} ${error.message}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
