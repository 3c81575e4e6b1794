import type { Fix, PresenceChange } from "@wufen/contract";
import type { BusCursors, Cursor } from "../live/bus-cursor.ts";
import type { LiveState, SavedDevice } from "../live/live-state.ts";
import { ask, type Sql } from "./database.ts";
import { type FixRow, toFix } from "./fix-rows.ts";
import type { Lease } from "./lease.ts";

/** Devices of one statement of a save. */
const SAVE_CHUNK = 2000;
const SAVE_WAIT_MS = 30_000;

/** A change and the broker that saw it. */
export type SavedPresence = PresenceChange & { readonly broker: number };

type LatestRow = FixRow & { heard_at_ms: number; offset_ms: number | null; pending: readonly FixRow[] | null };

/** The live state's memory: the believed fixes and the cursor they stand for, written and read as one. */
export class LiveStore {
  readonly #sql: Sql;
  /** One API saves for all: whoever holds it. */
  readonly #lease: Lease;

  constructor(sql: Sql, lease: Lease) {
    this.#sql = sql;
    this.#lease = lease;
  }

  /** What was saved last, of one moment. */
  async read(): Promise<{ devices: SavedDevice[]; cursors: Cursor[]; presence: SavedPresence[] }> {
    return ask(
      this.#sql.begin("isolation level repeatable read read only", async (sql) => {
        const latest = await sql<LatestRow[]>`
          SELECT device_no, round(extract(epoch from fixed_at) * 1000)::float8 AS fixed_at_ms, seq,
            round(extract(epoch from received_at) * 1000)::float8 AS received_at_ms, lng_e7, lat_e7, accuracy_dm,
            speed_cms, heading_cdeg, altitude_m, NULL AS clock_offset_ms, battery_percent, flags,
            clock_offset_ms AS offset_ms, round(extract(epoch from heard_at) * 1000)::float8 AS heard_at_ms, pending
          FROM latest_fix`;
        const cursors = await sql<Cursor[]>`
          SELECT broker, epoch::float8 AS epoch, n::float8 AS n FROM live_cursor`;
        const presence = await sql<SavedPresence[]>`
          SELECT device_no AS "deviceNo", online, round(extract(epoch from at) * 1000)::float8 AS "atMs", broker
          FROM device_presence`;
        return { devices: latest.map(toSaved), cursors: [...cursors], presence: [...presence] };
      }),
      SAVE_WAIT_MS,
    );
  }

  async readPresence(): Promise<SavedPresence[]> {
    const rows = await ask(this.#sql<SavedPresence[]>`
      SELECT device_no AS "deviceNo", online, round(extract(epoch from at) * 1000)::float8 AS "atMs", broker
      FROM device_presence`);
    return [...rows];
  }

  /**
   * Writes what is unsaved, in one transaction with its cursors and under the lease; on failure it is unsaved again. Answers how
   * many devices. While another API holds the lease nothing is written, and what this one has moved stays unsaved.
   */
  async save(live: LiveState, cursors: BusCursors): Promise<number> {
    if (this.#lease.epoch === undefined) {
      // The holder counts the same rows.
      live.takeKept();
      return 0;
    }
    const unsaved = live.unsaved.take();
    const kept = live.takeKept();
    // Taken in this one turn of the event loop: rows and cursors are of the same moment.
    const rows = unsaved.flatMap((no) => toLatestRow(live, no) ?? []);
    const marks = cursors.list();
    if (rows.length + kept.length + marks.length === 0) return 0;
    try {
      await ask(
        this.#lease.write(async (sql) => {
          for (let at = 0; at < rows.length; at += SAVE_CHUNK) {
            await sql`
              INSERT INTO latest_fix (device_no, fixed_at, seq, received_at, lng_e7, lat_e7, accuracy_dm, speed_cms,
                heading_cdeg, altitude_m, clock_offset_ms, battery_percent, flags, heard_at, pending)
              SELECT device_no, to_timestamp(fixed_at_ms / 1000), new.seq, to_timestamp(received_at_ms / 1000), lng_e7,
                lat_e7, accuracy_dm, speed_cms, heading_cdeg, altitude_m, offset_ms, battery_percent, flags,
                to_timestamp(heard_at_ms / 1000), pending
              FROM jsonb_to_recordset(${sql.json(rows.slice(at, at + SAVE_CHUNK) as never)}) AS new (device_no int,
                fixed_at_ms float8, seq int, received_at_ms float8, lng_e7 int, lat_e7 int, accuracy_dm int,
                speed_cms int, heading_cdeg int, altitude_m smallint, offset_ms int, battery_percent smallint,
                flags smallint, heard_at_ms float8, pending jsonb)
              JOIN device ON device.no = device_no
              ON CONFLICT (device_no) DO UPDATE SET (fixed_at, seq, received_at, lng_e7, lat_e7, accuracy_dm, speed_cms,
                heading_cdeg, altitude_m, clock_offset_ms, battery_percent, flags, heard_at, pending) =
                (excluded.fixed_at, excluded.seq, excluded.received_at, excluded.lng_e7, excluded.lat_e7,
                excluded.accuracy_dm, excluded.speed_cms, excluded.heading_cdeg, excluded.altitude_m,
                excluded.clock_offset_ms, excluded.battery_percent, excluded.flags, excluded.heard_at, excluded.pending)
              WHERE (excluded.fixed_at, excluded.seq) >= (latest_fix.fixed_at, latest_fix.seq)`;
          }
          await sql`
            INSERT INTO kept_unmoved (device_no, late, implausible)
            SELECT "deviceNo", late, implausible
            FROM jsonb_to_recordset(${sql.json(kept as never)}) AS new ("deviceNo" int, late int, implausible int)
            JOIN device ON device.no = "deviceNo"
            ON CONFLICT (device_no) DO UPDATE SET late = kept_unmoved.late + excluded.late,
              implausible = kept_unmoved.implausible + excluded.implausible`;
          await sql`
            INSERT INTO live_cursor (broker, epoch, n)
            SELECT * FROM jsonb_to_recordset(${sql.json(marks as never)}) AS new (broker smallint, epoch bigint, n bigint)
            ON CONFLICT (broker, epoch) DO UPDATE SET n = excluded.n WHERE live_cursor.n < excluded.n`;
          await sql`
            DELETE FROM live_cursor
            WHERE (broker, epoch) NOT IN (
              SELECT broker, epoch
              FROM jsonb_to_recordset(${sql.json(marks as never)}) AS kept (broker smallint, epoch bigint))
            AND epoch < (SELECT max(epoch) FROM live_cursor AS newer WHERE newer.broker = live_cursor.broker)`;
        }),
        SAVE_WAIT_MS,
      );
    } catch (error) {
      for (const no of unsaved) live.unsaved.add(no);
      live.returnKept(kept);
      throw error;
    }
    return rows.length;
  }
}

function toLatestRow(live: LiveState, no: number) {
  const believed = live.findBelieved(no);
  if (believed === undefined) return undefined;
  const doubted = live.listDoubted(no);
  const { clock_offset_ms: _, ...row } = toRow(believed);
  return {
    ...row,
    offset_ms: Math.round(live.devices.clockOffsetMs[no] ?? 0),
    heard_at_ms: live.devices.heardAtMs[no] ?? 0,
    pending: doubted.length === 0 ? null : doubted.map(toRow),
  };
}

function toSaved(row: LatestRow): SavedDevice {
  return {
    believed: toFix(row),
    heardAtMs: row.heard_at_ms,
    clockOffsetMs: row.offset_ms ?? 0,
    doubted: (row.pending ?? []).map(toFix),
  };
}

function toRow(fix: Fix): FixRow {
  return {
    device_no: fix.deviceNo,
    fixed_at_ms: fix.fixedAtMs,
    seq: fix.seq,
    received_at_ms: fix.receivedAtMs,
    lng_e7: fix.lngE7,
    lat_e7: fix.latE7,
    accuracy_dm: fix.accuracyDm ?? null,
    speed_cms: fix.speedCms ?? null,
    heading_cdeg: fix.headingCdeg ?? null,
    altitude_m: fix.altitudeM ?? null,
    clock_offset_ms: fix.clockOffsetMs ?? null,
    battery_percent: fix.batteryPercent ?? null,
    flags: fix.flags,
  };
}
