import type {
  CreateDevice,
  CreateUnit,
  DeviceKind,
  EditDevice,
  EditUnit,
  PositionDatum,
  UnitKind,
  UnitStatus,
} from "@wufen/contract";
import type { DeviceRecord, RegistryChange, UnitRecord } from "../live/registry.ts";
import { ask, codeOf, type Sql } from "./database.ts";

interface DeviceRow {
  no: number;
  id: string;
  label: string;
  kind: DeviceKind;
  datum: PositionDatum;
  disabled: boolean;
  created_at_ms: number;
}

interface UnitRow {
  no: number;
  id: string;
  callsign: string;
  kind: UnitKind;
  status: UnitStatus;
  home_lng_e7: number | null;
  home_lat_e7: number | null;
  device_no: number | null;
}

/** Why a row was not written. */
export type RegistryRefusal = "callsign-taken" | "device-id-taken" | "device-bound-elsewhere" | "not-found";
export type Written<T> = { readonly ok: T } | { readonly refused: RegistryRefusal; readonly what?: string };

export interface NewDevice extends CreateDevice {
  readonly id: string;
  readonly secretHash: Buffer;
}

export interface NewUnit extends Omit<CreateUnit, "deviceId"> {
  readonly id: string;
  readonly deviceNo: number | null;
}

/** A roster's unit with the device that is made for it. */
export interface NewPair {
  readonly unit: Omit<NewUnit, "deviceNo">;
  readonly device: NewDevice;
}

const UNIQUE_VIOLATION = "23505";

/** Devices and units in PostgreSQL. */
export class RegistryStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Everything. */
  async readAll(): Promise<Pick<RegistryChange, "devices" | "units">> {
    const sql = this.#sql;
    const [devices, units] = await Promise.all([
      ask(sql<DeviceRow[]>`SELECT ${this.#deviceColumns()} FROM device ORDER BY no`),
      ask(sql<UnitRow[]>`SELECT ${this.#unitColumns()} FROM unit ORDER BY no`),
    ]);
    return { devices: devices.map(toDevice), units: units.map(toUnit) };
  }

  /** What the database now says of these rows. */
  async readSome(deviceNos: readonly number[], unitNos: readonly number[]): Promise<RegistryChange> {
    const sql = this.#sql;
    const [devices, units] = await Promise.all([
      deviceNos.length === 0
        ? []
        : ask(sql<DeviceRow[]>`SELECT ${this.#deviceColumns()} FROM device WHERE no = ANY(${[...deviceNos]}::int[])`),
      unitNos.length === 0
        ? []
        : ask(sql<UnitRow[]>`SELECT ${this.#unitColumns()} FROM unit WHERE no = ANY(${[...unitNos]}::int[])`),
    ]);
    const foundDevices = new Set(devices.map(({ no }) => no));
    const foundUnits = new Set(units.map(({ no }) => no));
    return {
      devices: devices.map(toDevice),
      units: units.map(toUnit),
      goneDevices: deviceNos.filter((no) => !foundDevices.has(no)),
      goneUnits: unitNos.filter((no) => !foundUnits.has(no)),
    };
  }

  createDevice(device: NewDevice): Promise<Written<DeviceRecord>> {
    return written(async () => {
      const [row] = await ask(this.#sql<DeviceRow[]>`
        INSERT INTO device (id, label, kind, datum, secret_hash)
        VALUES (${device.id}, ${device.label}, ${device.kind}, ${device.datum ?? "wgs84"}, ${device.secretHash})
        RETURNING ${this.#deviceColumns()}`);
      return row && toDevice(row);
    });
  }

  editDevice(id: string, edit: EditDevice): Promise<Written<DeviceRecord>> {
    return written(async () => {
      const [row] = await ask(this.#sql<DeviceRow[]>`
        UPDATE device SET ${this.#sql(edit)} WHERE id = ${id} RETURNING ${this.#deviceColumns()}`);
      return row && toDevice(row);
    });
  }

  setSecretHash(id: string, secretHash: Buffer): Promise<Written<DeviceRecord>> {
    return written(async () => {
      const [row] = await ask(this.#sql<DeviceRow[]>`
        UPDATE device SET secret_hash = ${secretHash} WHERE id = ${id} RETURNING ${this.#deviceColumns()}`);
      return row && toDevice(row);
    });
  }

  createUnit(unit: NewUnit): Promise<Written<UnitRecord>> {
    return written(async () => {
      const [row] = await ask(this.#sql<UnitRow[]>`
        INSERT INTO unit (id, callsign, kind, status, home_lng_e7, home_lat_e7, device_no)
        VALUES (${unit.id}, ${unit.callsign}, ${unit.kind}, ${unit.status ?? "available"},
                ${toE7(unit.homePost?.[0])}, ${toE7(unit.homePost?.[1])}, ${unit.deviceNo})
        RETURNING ${this.#unitColumns()}`);
      return row && toUnit(row);
    });
  }

  /** `deviceNo` undefined leaves the device as it is; null unbinds it. */
  editUnit(
    id: string,
    edit: Omit<EditUnit, "deviceId"> & { readonly deviceNo?: number | null },
  ): Promise<Written<UnitRecord>> {
    const { homePost, deviceNo, ...plain } = edit;
    const columns = {
      ...plain,
      ...(homePost === undefined ? {} : { home_lng_e7: toE7(homePost?.[0]), home_lat_e7: toE7(homePost?.[1]) }),
      ...(deviceNo === undefined ? {} : { device_no: deviceNo }),
    };
    return written(async () => {
      const [row] = await ask(this.#sql<UnitRow[]>`
        UPDATE unit SET ${this.#sql(columns)} WHERE id = ${id} RETURNING ${this.#unitColumns()}`);
      return row && toUnit(row);
    });
  }

  /** All pairs or none. */
  importPairs(pairs: readonly NewPair[]): Promise<Written<Pick<RegistryChange, "devices" | "units">>> {
    const devices = pairs.map(({ device }) => ({
      id: device.id,
      label: device.label,
      kind: device.kind,
      datum: device.datum ?? "wgs84",
      secret_hash: device.secretHash.toString("hex"),
    }));
    const units = pairs.map(({ unit, device }) => ({
      id: unit.id,
      callsign: unit.callsign,
      kind: unit.kind,
      status: unit.status ?? "available",
      home_lng_e7: toE7(unit.homePost?.[0]),
      home_lat_e7: toE7(unit.homePost?.[1]),
      device_id: device.id,
    }));
    return written(() =>
      ask(
        this.#sql.begin(async (sql) => {
          const deviceRows = await sql<DeviceRow[]>`
            INSERT INTO device (id, label, kind, datum, secret_hash)
            SELECT id, label, kind, datum, decode(secret_hash, 'hex')
            FROM jsonb_to_recordset(${sql.json(devices)})
              AS new (id text, label text, kind text, datum text, secret_hash text)
            RETURNING ${this.#deviceColumns()}`;
          const unitRows = await sql<UnitRow[]>`
            WITH new AS (
              SELECT * FROM jsonb_to_recordset(${sql.json(units)})
                AS new (id text, callsign text, kind text, status text, home_lng_e7 int, home_lat_e7 int, device_id text)
            ), made AS (
              INSERT INTO unit (id, callsign, kind, status, home_lng_e7, home_lat_e7, device_no)
              SELECT new.id, callsign, new.kind, new.status, home_lng_e7, home_lat_e7, device.no
              FROM new JOIN device ON device.id = device_id
              RETURNING *
            )
            SELECT ${this.#unitColumns()} FROM made`;
          return { devices: deviceRows.map(toDevice), units: unitRows.map(toUnit) };
        }),
        IMPORT_WAIT_MS,
      ),
    );
  }

  #deviceColumns() {
    return this.#sql.unsafe(
      "no, id, label, kind, datum, disabled, (extract(epoch from created_at) * 1000)::float8 AS created_at_ms",
    );
  }

  #unitColumns() {
    return this.#sql.unsafe("no, id, callsign, kind, status, home_lng_e7, home_lat_e7, device_no");
  }
}

/** A roster of 20,000 takes seconds. */
const IMPORT_WAIT_MS = 30_000;

async function written<T>(write: () => Promise<T | undefined>): Promise<Written<T>> {
  try {
    const row = await write();
    return row === undefined ? { refused: "not-found" } : { ok: row };
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error;
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): { refused: RegistryRefusal; what?: string } {
  const { constraint_name: constraint, detail } = error as { constraint_name?: string; detail?: string };
  const what = /=\((.*)\) already exists/.exec(detail ?? "")?.[1];
  const refused =
    constraint === "unit_callsign_key"
      ? "callsign-taken"
      : constraint === "unit_device_no_key"
        ? "device-bound-elsewhere"
        : "device-id-taken";
  return what === undefined ? { refused } : { refused, what };
}

function toDevice({ created_at_ms, ...row }: DeviceRow): DeviceRecord {
  return { ...row, createdAtMs: created_at_ms };
}

function toUnit(row: UnitRow): UnitRecord {
  const { home_lng_e7: lng, home_lat_e7: lat } = row;
  return {
    no: row.no,
    id: row.id,
    callsign: row.callsign,
    kind: row.kind,
    status: row.status,
    homePost: lng === null || lat === null ? null : [lng / 1e7, lat / 1e7],
    deviceNo: row.device_no,
  };
}

function toE7(degrees: number | undefined): number | null {
  return degrees === undefined ? null : Math.round(degrees * 1e7);
}
