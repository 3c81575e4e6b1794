import { createClient } from "redis";
import { explain, judgeServer, RedisRefused } from "./refused.ts";

const CONNECT_MS = 3000;
/** The whole of the first connection: a frozen server takes connections and says nothing. */
const FIRST_ANSWER_MS = 5000;
const PING_MS = 1000;
/** No answer for so long: it counts as away. */
const AWAY_MS = 2500;
const GIVE_UP_MS = 10_000;
const RETRY_FIRST_MS = 100;
const RETRY_LONGEST_MS = 1000;
const WAITING_BYTES_DEFAULT = 33_554_432;

export interface RedisLinkOptions {
  readonly url: string;
  /** Shown in CLIENT LIST. */
  readonly name: string;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Bytes published and not answered yet, above which messages are dropped and counted. */
  readonly waitingBytes?: number;
  /** No answer for so long: the connection is given up for a new one. */
  readonly giveUpMs?: number;
}

/** What is listened to; `onListening` at every new connection: what was said before may be missed. */
export interface RedisListener {
  /** A channel, or a pattern where `isPattern`. */
  readonly channel: string;
  readonly isPattern: boolean;
  onMessage(message: Buffer): void;
  onListening?(): void;
}

type Client = ReturnType<typeof newClient>;

/** One connection to Redis that asks, publishes and listens, and comes back by itself for ever. Nothing waits for it while it is away. */
export class RedisLink {
  dropped = 0;
  /** Who heard the last message. */
  receivers = 0;
  /** Connections begun. */
  attempts = 0;
  readonly #options: RedisLinkOptions;
  readonly #listeners: readonly RedisListener[];
  #client: Client;
  #waitingBytes = 0;
  #answeredAtMs = 0;
  #pinging = false;
  #wasUp = true;
  #stopped = false;
  #retryMs = RETRY_FIRST_MS;
  #retry: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;

  private constructor(options: RedisLinkOptions, listeners: readonly RedisListener[]) {
    this.#options = options;
    this.#listeners = listeners;
    this.#client = newClient(options);
  }

  /** @throws RedisRefused where the server cannot be used: not there, refuses, too old, read-only */
  static async open(options: RedisLinkOptions, listeners: readonly RedisListener[] = []): Promise<RedisLink> {
    const link = new RedisLink(options, listeners);
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`silent for ${FIRST_ANSWER_MS} ms`)), FIRST_ANSWER_MS);
    });
    try {
      await Promise.race([link.#connect(), silence]);
    } catch (error) {
      link.stop();
      throw explain(options.url, error);
    } finally {
      clearTimeout(timer);
    }
    link.#watch = setInterval(() => link.#look(), PING_MS);
    return link;
  }

  /** Connected, and it answered lately. */
  get isUp(): boolean {
    return this.#client.isReady && performance.now() - this.#answeredAtMs <= AWAY_MS;
  }

  /** Publishes; false where it was dropped, because Redis is away or does not answer. */
  publish(channel: string, message: Buffer | string): boolean {
    const bytes = message.length;
    if (!this.#client.isReady || this.#waitingBytes + bytes > (this.#options.waitingBytes ?? WAITING_BYTES_DEFAULT)) {
      this.dropped++;
      return false;
    }
    this.#waitingBytes += bytes;
    this.#client
      .publish(channel, message)
      .then(
        (receivers) => {
          this.receivers = receivers;
        },
        () => {
          this.dropped++;
        },
      )
      .finally(() => {
        this.#waitingBytes -= bytes;
      });
    return true;
  }

  /** Runs a script on one key; undefined where Redis is away, fails, or takes longer than `waitMs`. */
  async evaluate(script: string, key: string, args: readonly string[], waitMs: number): Promise<unknown> {
    if (!this.isUp) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), waitMs);
    });
    const answer = this.#client.eval(script, { keys: [key], arguments: [...args] }).catch(() => undefined);
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#client.destroy();
  }

  async #connect(): Promise<void> {
    const client = this.#client;
    this.attempts++;
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    await client.connect();
    judgeServer(this.#options.url, readHello(await client.sendCommand(["HELLO"])));
    for (const { channel, isPattern, onMessage } of this.#listeners) {
      if (isPattern) await client.pSubscribe(channel, (message) => onMessage(message), true);
      else await client.subscribe(channel, (message) => onMessage(message), true);
    }
    this.#answeredAtMs = performance.now();
    this.#retryMs = RETRY_FIRST_MS;
    for (const { onListening } of this.#listeners) onListening?.();
  }

  #lost(client: Client): void {
    if (this.#stopped || this.#watch === undefined || client !== this.#client || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => void this.#again(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LONGEST_MS);
    this.#sayIfChanged();
  }

  async #again(): Promise<void> {
    this.#client.destroy();
    this.#client = newClient(this.#options);
    this.#retry = undefined;
    const client = this.#client;
    try {
      await this.#connect();
    } catch (error) {
      if (error instanceof RedisRefused && !this.#stopped) this.#options.log.warn({ err: error }, error.message);
      this.#lost(client);
    }
  }

  #sayIfChanged(): void {
    const up = this.isUp;
    if (up === this.#wasUp) return;
    this.#wasUp = up;
    if (up) this.#options.log.info({ dropped: this.dropped }, "Redis answers again");
    else this.#options.log.warn({}, "Redis does not answer; everything goes on without it and it is tried again");
  }

  /** Asks whether it still answers, and gives a connection up that stays silent. */
  #look(): void {
    this.#sayIfChanged();
    const client = this.#client;
    if (this.#retry === undefined && performance.now() - this.#answeredAtMs > (this.#options.giveUpMs ?? GIVE_UP_MS)) {
      this.#answeredAtMs = performance.now() - AWAY_MS;
      client.destroy();
      this.#lost(client);
      return;
    }
    if (!client.isReady || this.#pinging) return;
    this.#pinging = true;
    client
      .ping()
      .then(
        () => {
          if (client !== this.#client) return;
          this.#answeredAtMs = performance.now();
          this.#sayIfChanged();
        },
        () => undefined,
      )
      .finally(() => {
        this.#pinging = false;
      });
  }
}

function newClient({ url, name }: RedisLinkOptions) {
  return createClient({
    url,
    name,
    RESP: 3,
    // A new client for each connection: listeners and what waits begin anew, and silence can be given up.
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false },
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  });
}

/** HELLO's map; names and values alternate where the protocol has no maps. */
function readHello(answer: unknown): { version: string; role: string } {
  const fields = new Map<string, unknown>(
    Array.isArray(answer)
      ? Array.from({ length: answer.length / 2 }, (_, i) => [String(answer[2 * i]), answer[2 * i + 1]])
      : Object.entries((answer ?? {}) as Record<string, unknown>),
  );
  return { version: String(fields.get("version") ?? "0"), role: String(fields.get("role") ?? "master") };
}
