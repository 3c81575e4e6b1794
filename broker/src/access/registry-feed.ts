import type { DeviceKind, PositionDatum } from "@wufen/contract";
import type { Sql } from "@wufen/database";
import type { Logger } from "pino";
import type { DeviceRecord, DeviceRegistry } from "./device-registry.ts";

const GATHER_MS = 20;
/** So many changes at once are read faster as a whole. */
const RELOAD_ABOVE = 2000;
const RETRY_MS = 1000;

interface Row {
  no: number;
  id: string;
  kind: DeviceKind;
  datum: PositionDatum;
  disabled: boolean;
  secret_hash: Buffer;
  off_duty: boolean;
  unit_no: number | null;
}

/** Keeps a {@link DeviceRegistry} as the database has it: whole at each (re)connection of the listener, then change by change. */
export class RegistryFeed {
  readonly #sql: Sql;
  readonly #registry: DeviceRegistry;
  readonly #log: Logger;
  readonly #devices = new Set<number>();
  readonly #units = new Set<number>();
  #reload = false;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(sql: Sql, registry: DeviceRegistry, log: Logger) {
    this.#sql = sql;
    this.#registry = registry;
    this.#log = log;
  }

  /** Reads the whole registry. */
  async load(): Promise<void> {
    await this.#load();
  }

  /** Reads the whole registry soon, and until it succeeds. */
  reload(): void {
    this.#reload = true;
    this.#schedule(0);
  }

  /** A row changed: `device:<no>` or `unit:<no>`. */
  changed(payload: string): void {
    const [table, number] = payload.split(":");
    if (table === "device") this.#devices.add(Number(number));
    else this.#units.add(Number(number));
    if (this.#devices.size + this.#units.size > RELOAD_ABOVE) this.#reload = true;
    this.#schedule(GATHER_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#work;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work = this.#work.then(() => this.#apply());
    }, delayMs);
  }

  async #apply(): Promise<void> {
    const devices = [...this.#devices];
    const units = [...this.#units];
    const reload = this.#reload;
    this.#devices.clear();
    this.#units.clear();
    this.#reload = false;
    try {
      if (reload) await this.#load();
      else await this.#loadSome(devices, units);
    } catch (error) {
      this.#log.warn({ err: error }, "registry not read; trying again");
      this.#reload = true;
      this.#schedule(RETRY_MS);
    }
  }

  async #load(): Promise<void> {
    const rows = await this.#sql<Row[]>`
      SELECT d.no, d.id, d.kind, d.datum, d.disabled, d.secret_hash, coalesce(u.status = 'off-duty', false) AS off_duty, u.no AS unit_no
      FROM device d LEFT JOIN unit u ON u.device_no = d.no`;
    const present = new Set(rows.map(({ no }) => no));
    for (const { record } of [...this.#registry.list()]) if (!present.has(record.no)) this.#registry.remove(record.no);
    for (const row of rows) this.#registry.put(toRecord(row));
  }

  async #loadSome(devices: number[], units: number[]): Promise<void> {
    // A unit's former device changes too: it is found in what was known of the unit.
    const affected = new Set(devices);
    const changed = new Set(units);
    for (const { record } of this.#registry.list()) {
      if (record.unitNo !== undefined && changed.has(record.unitNo)) affected.add(record.no);
    }
    const rows = await this.#sql<Row[]>`
      SELECT d.no, d.id, d.kind, d.datum, d.disabled, d.secret_hash, coalesce(u.status = 'off-duty', false) AS off_duty, u.no AS unit_no
      FROM device d LEFT JOIN unit u ON u.device_no = d.no
      WHERE d.no = ANY(${[...affected]}::integer[]) OR u.no = ANY(${units}::integer[])`;
    const present = new Set(rows.map(({ no }) => no));
    for (const no of affected) if (!present.has(no)) this.#registry.remove(no);
    for (const row of rows) this.#registry.put(toRecord(row));
  }
}

function toRecord(row: Row): DeviceRecord {
  return {
    no: row.no,
    id: row.id,
    kind: row.kind,
    datum: row.datum,
    disabled: row.disabled,
    secretHash: Buffer.from(row.secret_hash),
    offDuty: row.off_duty,
    unitNo: row.unit_no ?? undefined,
  };
}
