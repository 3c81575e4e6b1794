import {
  encodeBinaryPing,
  LIMITS,
  type OwnTracksLocation,
  ownTracksTopic,
  type PositionDatum,
  pingTopic,
} from "@wufen/contract";
import type { DeviceCredentials } from "./credentials.ts";
import { toGcj02 } from "./gcj02.ts";

/** A fix as the device's own software holds it; times are Unix ms, positions WGS-84. */
export interface DeviceFix {
  fixedAtMs: number;
  seq: number;
  lng: number;
  lat: number;
  accuracyM: number | undefined;
  speedKmh: number | undefined;
  headingDeg: number | undefined;
  batteryPercent: number | undefined;
}

export interface Publish {
  topic: string;
  payload: Uint8Array;
  retain: boolean;
  /** For the counts. */
  fixes: number;
}

export interface EncodeOptions {
  backlog: boolean;
  /** Asked for by a command. */
  asked: boolean;
  /** The positions are in the device's own datum already, as in a recorded trace. */
  isRaw: boolean;
  sentAtMs: number;
}

/** Fixes in the shape that this device sends: one publish a fix in OwnTracks' JSON, as many as fit in a binary ping. */
export function encodeFixes(
  device: Pick<DeviceCredentials, "deviceId" | "protocol" | "datum">,
  fixes: readonly DeviceFix[],
  options: EncodeOptions,
): Publish[] {
  const datum = options.isRaw ? "wgs84" : device.datum;
  if (device.protocol === "owntracks") return fixes.map((fix) => encodeOwnTracks(device.deviceId, fix, datum, options));
  const out: Publish[] = [];
  for (let i = 0; i < fixes.length; i += LIMITS.fixesPerPing) {
    const part = fixes.slice(i, i + LIMITS.fixesPerPing);
    out.push({
      topic: pingTopic(device.deviceId),
      payload: encodeBinaryPing({
        sentAtMs: options.sentAtMs,
        batteryPercent: part[part.length - 1]?.batteryPercent,
        simulated: true,
        backlog: options.backlog,
        fixes: part.map((fix) => {
          const [lng, lat] = toDatum(fix, datum);
          return {
            fixedAtMs: fix.fixedAtMs,
            seq: fix.seq,
            lngE7: Math.round(lng * 1e7),
            latE7: Math.round(lat * 1e7),
            accuracyDm: fix.accuracyM === undefined ? undefined : Math.round(fix.accuracyM * 10),
            speedCms: fix.speedKmh === undefined ? undefined : Math.round(fix.speedKmh / 0.036),
            headingCdeg: fix.headingDeg === undefined ? undefined : Math.round(fix.headingDeg * 100) % 36_000,
            altitudeM: undefined,
          };
        }),
      }),
      retain: false,
      fixes: part.length,
    });
  }
  return out;
}

function encodeOwnTracks(deviceId: string, fix: DeviceFix, datum: PositionDatum, options: EncodeOptions): Publish {
  const [lng, lat] = toDatum(fix, datum);
  const location: OwnTracksLocation = {
    _type: "location",
    lat: Math.round(lat * 1e6) / 1e6,
    lon: Math.round(lng * 1e6) / 1e6,
    tst: Math.floor(fix.fixedAtMs / 1000),
    tid: deviceId.slice(-2),
    conn: "m",
    m: 2,
    created_at: Math.floor(options.sentAtMs / 1000),
    ...(options.asked && { t: "r" }),
    // The app drops what is zero.
    ...(fix.accuracyM && { acc: Math.round(fix.accuracyM) }),
    ...(fix.speedKmh && { vel: Math.round(fix.speedKmh) }),
    ...(fix.headingDeg && { cog: Math.round(fix.headingDeg) % 360 }),
    ...(fix.batteryPercent && { batt: fix.batteryPercent, bs: 1 }),
  };
  return { topic: ownTracksTopic(deviceId), payload: Buffer.from(JSON.stringify(location)), retain: true, fixes: 1 };
}

function toDatum({ lng, lat }: DeviceFix, datum: PositionDatum): [number, number] {
  return datum === "gcj02" ? toGcj02([lng, lat]) : [lng, lat];
}
