import { LIMITS } from "./limits.ts";

/**
 * The compact ping: one fix or a backlog in one MQTT publish on `wufen/<id>/ping`. Little-endian.
 *
 * ```
 * header, 16 bytes                       each fix, 32 bytes
 * 0  u8   0x57 'W'                       0  f64  fixedAtMs, device clock
 * 1  u8   version, 1                     8  u32  seq, 0 … 2^31−1
 * 2  u16  count, 1 … 120                 12 i32  lng, 1e-7 degree
 * 4  u8   battery %, 255 unknown         16 i32  lat, 1e-7 degree
 * 5  u8   flags: 1 simulated, 2 backlog  20 u16  accuracy dm, 65535 unknown
 * 6  u16  0                              22 u16  speed cm/s, 65535 unknown
 * 8  f64  sentAtMs, device clock         24 u16  heading 1/100 degree, 65535 unknown
 *                                        26 i16  altitude m, 32767 unknown
 *                                        28 u32  0
 * ```
 * The length must be exactly 16 + 32 × count.
 */
export interface BinaryPing {
  readonly sentAtMs: number;
  readonly batteryPercent: number | undefined;
  readonly simulated: boolean;
  readonly backlog: boolean;
  readonly fixes: readonly BinaryPingFix[];
}

export interface BinaryPingFix {
  readonly fixedAtMs: number;
  readonly seq: number;
  readonly lngE7: number;
  readonly latE7: number;
  readonly accuracyDm: number | undefined;
  readonly speedCms: number | undefined;
  readonly headingCdeg: number | undefined;
  readonly altitudeM: number | undefined;
}

export type BinaryPingResult =
  | { readonly ok: true; readonly ping: BinaryPing }
  | { readonly ok: false; readonly why: string };

const MAGIC = 0x57;
const VERSION = 1;
const HEADER_BYTES = 16;
const FIX_BYTES = 32;
const UNKNOWN_U16 = 0xffff;
const UNKNOWN_I16 = 0x7fff;
const SIMULATED = 1;
const BACKLOG = 2;
/** 1 January 2100: a number beyond it is no Unix time in ms. */
const LATEST_TIME_MS = 4_102_444_800_000;

/** Encodes a ping of 1 … {@link LIMITS.fixesPerPing} fixes; throws RangeError outside that. */
export function encodeBinaryPing(ping: BinaryPing): Uint8Array {
  const count = ping.fixes.length;
  if (count < 1 || count > LIMITS.fixesPerPing) {
    throw new RangeError(`a ping carries 1 to ${LIMITS.fixesPerPing} fixes, not ${count}: split the backlog`);
  }
  const bytes = new Uint8Array(HEADER_BYTES + FIX_BYTES * count);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, MAGIC);
  view.setUint8(1, VERSION);
  view.setUint16(2, count, true);
  view.setUint8(4, ping.batteryPercent ?? 255);
  view.setUint8(5, (ping.simulated ? SIMULATED : 0) | (ping.backlog ? BACKLOG : 0));
  view.setFloat64(8, ping.sentAtMs, true);
  ping.fixes.forEach((fix, i) => {
    const at = HEADER_BYTES + i * FIX_BYTES;
    view.setFloat64(at, fix.fixedAtMs, true);
    view.setUint32(at + 8, fix.seq, true);
    view.setInt32(at + 12, fix.lngE7, true);
    view.setInt32(at + 16, fix.latE7, true);
    view.setUint16(at + 20, fix.accuracyDm ?? UNKNOWN_U16, true);
    view.setUint16(at + 22, fix.speedCms ?? UNKNOWN_U16, true);
    view.setUint16(at + 24, fix.headingCdeg ?? UNKNOWN_U16, true);
    view.setInt16(at + 26, fix.altitudeM ?? UNKNOWN_I16, true);
  });
  return bytes;
}

/** Decodes a ping. Never throws: whatever the bytes, the answer is a ping of sound fields or the reason why not. */
export function decodeBinaryPing(bytes: Uint8Array): BinaryPingResult {
  if (bytes.length < HEADER_BYTES) return refuse(`${bytes.length} bytes are less than the header's ${HEADER_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== MAGIC) return refuse(`first byte 0x${view.getUint8(0).toString(16)} is not 0x57`);
  if (view.getUint8(1) !== VERSION) return refuse(`version ${view.getUint8(1)} is not ${VERSION}`);
  const count = view.getUint16(2, true);
  if (count < 1 || count > LIMITS.fixesPerPing) return refuse(`count ${count} is not 1 to ${LIMITS.fixesPerPing}`);
  if (bytes.length !== HEADER_BYTES + FIX_BYTES * count)
    return refuse(`${bytes.length} bytes do not fit ${count} fixes`);
  const battery = view.getUint8(4);
  if (battery > 100 && battery !== 255) return refuse(`battery ${battery} % is not 0 to 100`);
  const flags = view.getUint8(5);
  const sentAtMs = view.getFloat64(8, true);
  if (!isTime(sentAtMs)) return refuse(`sentAtMs ${sentAtMs} is no time`);

  const fixes: BinaryPingFix[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * FIX_BYTES;
    const fixedAtMs = view.getFloat64(at, true);
    const seq = view.getUint32(at + 8, true);
    const lngE7 = view.getInt32(at + 12, true);
    const latE7 = view.getInt32(at + 16, true);
    const heading = view.getUint16(at + 24, true);
    if (!isTime(fixedAtMs)) return refuse(`fix ${i}: fixedAtMs ${fixedAtMs} is no time`);
    if (seq > 0x7fffffff) return refuse(`fix ${i}: seq ${seq} is above 2^31−1`);
    if (Math.abs(lngE7) > 1_800_000_000 || Math.abs(latE7) > 900_000_000) {
      return refuse(`fix ${i}: [${lngE7 / 1e7}, ${latE7 / 1e7}] is not on the earth`);
    }
    if (heading > 35_999 && heading !== UNKNOWN_U16) return refuse(`fix ${i}: heading ${heading} is above 35999`);
    const accuracy = view.getUint16(at + 20, true);
    const speed = view.getUint16(at + 22, true);
    const altitude = view.getInt16(at + 26, true);
    fixes.push({
      fixedAtMs: Math.round(fixedAtMs),
      seq,
      lngE7,
      latE7,
      accuracyDm: accuracy === UNKNOWN_U16 ? undefined : accuracy,
      speedCms: speed === UNKNOWN_U16 ? undefined : speed,
      headingCdeg: heading === UNKNOWN_U16 ? undefined : heading,
      altitudeM: altitude === UNKNOWN_I16 ? undefined : altitude,
    });
  }
  return {
    ok: true,
    ping: {
      sentAtMs: Math.round(sentAtMs),
      batteryPercent: battery === 255 ? undefined : battery,
      simulated: (flags & SIMULATED) !== 0,
      backlog: (flags & BACKLOG) !== 0,
      fixes,
    },
  };
}

function isTime(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms <= LATEST_TIME_MS;
}

function refuse(why: string): BinaryPingResult {
  return { ok: false, why };
}
