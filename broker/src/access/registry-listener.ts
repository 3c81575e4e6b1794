import pg from "pg";
import type { Logger } from "pino";

const CONNECT_TIMEOUT_MS = 5000;
const RETRY_MS = 250;
/** How often the connection is asked whether it lives, and how long it may take to say so. */
const ASK_MS = 10_000;
const ANSWER_MS = 5000;

export interface RegistryListenerTools {
  readonly url: string;
  readonly broker: number;
  readonly log: Logger;
  /** Listening (again): whatever changed before is unknown. */
  onListening(): void;
  /** Payload `<table>:<number>` of the notification. */
  onChanged(payload: string): void;
}

/** Hears of changes of the registry, over a connection of its own that is renewed when it dies or stops answering. */
export class RegistryListener {
  readonly #tools: RegistryListenerTools;
  #client: pg.Client | undefined;
  #asking: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(tools: RegistryListenerTools) {
    this.#tools = tools;
  }

  /** Rejects where the first connection fails; later ones are tried until they succeed. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#tools.url,
      application_name: `wufen broker ${this.#tools.broker} registry`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    client.on("error", () => undefined);
    client.on("notification", ({ payload }) => this.#tools.onChanged(payload ?? ""));
    try {
      await client.connect();
      await client.query("LISTEN registry_changed");
    } catch (error) {
      cut(client);
      throw error;
    }
    this.#client = client;
    client.once("end", () => this.#again());
    this.#asking = setInterval(() => {
      client.query("SELECT 1").catch(() => cut(client));
    }, ASK_MS);
    this.#tools.onListening();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#asking);
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => undefined);
  }

  #again(): void {
    clearInterval(this.#asking);
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#tools.log.debug({ err: error }, "not listening to the registry; trying again");
        this.#again();
      });
    }, RETRY_MS);
  }
}

/** Ends the connection without waiting for the server. */
function cut(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
