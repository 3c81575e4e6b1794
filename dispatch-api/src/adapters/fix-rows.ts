import type { Fix } from "@wufen/contract";

/** A stored fix as the queries of this folder read it; {@link FIX_COLUMNS}. */
export interface FixRow {
  device_no: number;
  fixed_at_ms: number;
  seq: number;
  received_at_ms: number;
  lng_e7: number;
  lat_e7: number;
  accuracy_dm: number | null;
  speed_cms: number | null;
  heading_cdeg: number | null;
  altitude_m: number | null;
  clock_offset_ms: number | null;
  battery_percent: number | null;
  flags: number;
}

// Rounded: extract(epoch …) of a microsecond time is not always a whole millisecond again.
export const FIX_COLUMNS = `device_no, round(extract(epoch from fixed_at) * 1000)::float8 AS fixed_at_ms, seq,
  round(extract(epoch from received_at) * 1000)::float8 AS received_at_ms, lng_e7, lat_e7, accuracy_dm, speed_cms,
  heading_cdeg, altitude_m, clock_offset_ms, battery_percent, flags`;

export function toFix(row: FixRow): Fix {
  return {
    deviceNo: row.device_no,
    fixedAtMs: row.fixed_at_ms,
    seq: row.seq,
    receivedAtMs: row.received_at_ms,
    lngE7: row.lng_e7,
    latE7: row.lat_e7,
    accuracyDm: row.accuracy_dm ?? undefined,
    speedCms: row.speed_cms ?? undefined,
    headingCdeg: row.heading_cdeg ?? undefined,
    altitudeM: row.altitude_m ?? undefined,
    clockOffsetMs: row.clock_offset_ms ?? undefined,
    batteryPercent: row.battery_percent ?? undefined,
    flags: row.flags,
  };
}
