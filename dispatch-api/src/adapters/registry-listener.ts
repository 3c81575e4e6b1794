import type { Logger } from "pino";
import type { Registry, RegistryChange } from "../live/registry.ts";
import { ask, type Sql } from "./database.ts";
import type { RegistryStore } from "./registry-store.ts";

/** Notices of this long are answered with one read. */
const GATHER_MS = 20;
/** With more changed rows everything is read. */
const ROWS_LIMIT = 2000;

/** Takes over what was read. */
type Apply = (change: Partial<RegistryChange>) => void;

/** Hears from the database what others changed in the registry, and reads those rows anew; after a lost connection, all. */
export class RegistryListener {
  readonly #sql: Sql;
  readonly #store: RegistryStore;
  readonly #registry: Pick<Registry, "devices" | "units">;
  readonly #apply: Apply;
  readonly #log: Logger;
  readonly #devices = new Set<number>();
  readonly #units = new Set<number>();
  #whole = false;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #unlisten: (() => Promise<void>) | undefined;

  constructor(
    sql: Sql,
    store: RegistryStore,
    registry: Pick<Registry, "devices" | "units">,
    apply: Apply,
    log: Logger,
  ) {
    this.#sql = sql;
    this.#store = store;
    this.#registry = registry;
    this.#apply = apply;
    this.#log = log;
  }

  async start(): Promise<void> {
    const listening = this.#sql.listen(
      "registry_changed",
      (payload) => this.#hear(payload),
      () => {
        this.#whole = true;
        this.#schedule(GATHER_MS);
      },
    );
    this.#unlisten = (await ask(listening)).unlisten;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#unlisten?.();
  }

  #hear(payload: string): void {
    const [table, text] = payload.split(":");
    const no = Number(text);
    if (!Number.isInteger(no)) return;
    if (table === "device") this.#devices.add(no);
    else if (table === "unit") this.#units.add(no);
    this.#schedule(GATHER_MS);
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // One after another: an older answer must not come after a newer one.
      this.#reading = this.#reading.then(() => this.#read());
    }, ms);
  }

  async #read(): Promise<void> {
    const devices = [...this.#devices];
    const units = [...this.#units];
    const whole = this.#whole || devices.length + units.length > ROWS_LIMIT;
    this.#devices.clear();
    this.#units.clear();
    this.#whole = false;
    try {
      if (whole) this.#apply(await this.#readAll());
      else this.#apply(await this.#store.readSome(devices, units));
    } catch (error) {
      this.#log.warn({ err: error }, "the registry could not be read; trying again");
      this.#whole = true;
      this.#schedule(1000);
    }
  }

  /** Gone is what was known before the read: what this process itself adds during it is not in the answer. */
  async #readAll(): Promise<RegistryChange> {
    const knownDevices = [...this.#registry.devices.keys()];
    const knownUnits = [...this.#registry.units.keys()];
    const { devices, units } = await this.#store.readAll();
    const deviceNos = new Set(devices.map(({ no }) => no));
    const unitNos = new Set(units.map(({ no }) => no));
    return {
      devices,
      units,
      goneDevices: knownDevices.filter((no) => !deviceNos.has(no)),
      goneUnits: knownUnits.filter((no) => !unitNos.has(no)),
    };
  }
}
