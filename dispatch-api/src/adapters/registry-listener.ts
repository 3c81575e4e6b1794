import type { Logger } from "pino";
import type { RegistryChange } from "../live/registry.ts";
import { ask, type Sql } from "./database.ts";
import type { RegistryStore } from "./registry-store.ts";

/** Notices of this long are answered with one read. */
const GATHER_MS = 20;
/** With more changed rows everything is read. */
const ROWS_LIMIT = 2000;

/** Takes over what was read; `whole`: what is not in it is no more. */
type Apply = (change: Partial<RegistryChange> & { readonly whole?: boolean }) => void;

/** Hears from the database what others changed in the registry, and reads those rows anew; after a lost connection, all. */
export class RegistryListener {
  readonly #sql: Sql;
  readonly #store: RegistryStore;
  readonly #apply: Apply;
  readonly #log: Logger;
  readonly #devices = new Set<number>();
  readonly #units = new Set<number>();
  #whole = false;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(sql: Sql, store: RegistryStore, apply: Apply, log: Logger) {
    this.#sql = sql;
    this.#store = store;
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
      void this.#read();
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
      if (whole) this.#apply({ ...(await this.#store.readAll()), whole: true });
      else this.#apply(await this.#store.readSome(devices, units));
    } catch (error) {
      this.#log.warn({ err: error }, "the registry could not be read; trying again");
      this.#whole = true;
      this.#schedule(1000);
    }
  }
}
