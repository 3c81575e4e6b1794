import postgres from "postgres";

export type Sql = postgres.Sql;

export type ConnectOptions = {
  /** Most connections of this pool. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** A statement that runs longer is cancelled by the server, ms; 0: never. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a connection, seconds. */
  readonly connectTimeoutSeconds?: number;
};

const CONNECT_TIMEOUT_SECONDS = 5;
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
/** Longest pause between two attempts to connect, seconds: a database that is back is used within a second. */
const RECONNECT_PAUSE_SECONDS = 1;

/**
 * Opens a pool on `url`, lazily: the first query connects. The host may be a folder that holds the server's socket:
 * `postgres://user:password@/database?host=/folder`.
 *
 * @throws where `url` is no PostgreSQL address; what cannot be reached shows at the first query.
 */
export function connect(url: string, options: ConnectOptions = {}): Sql {
  const { address, socketDir } = readDatabaseUrl(url);
  return postgres(address, {
    ...(socketDir === undefined ? {} : { host: socketDir }),
    max: options.max ?? 10,
    connect_timeout: options.connectTimeoutSeconds ?? CONNECT_TIMEOUT_SECONDS,
    backoff: (retries) => Math.min(0.05 * 2 ** retries, RECONNECT_PAUSE_SECONDS),
    onnotice: () => undefined,
    connection: {
      application_name: options.applicationName ?? "wufen",
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  });
}

/** The address as postgres.js reads it: it takes a socket's folder as an option only, and no address without a host. */
export function readDatabaseUrl(url: string): { readonly address: string; readonly socketDir?: string } {
  const parts = /^(postgres(?:ql)?:\/\/)((?:[^@/?#]*@)?)([^/?#]*)([^#]*)/.exec(url);
  if (parts === null) {
    throw new Error(
      `DATABASE_URL "${hidePassword(url)}" is no PostgreSQL address: give postgres://user:password@host:5432/database`,
    );
  }
  const [, scheme = "", credentials = "", host = "", rest = ""] = parts;
  let parsed: URL;
  try {
    parsed = new URL(`${scheme}${credentials}${host === "" ? "localhost" : host}${rest}`);
  } catch {
    throw new Error(
      `DATABASE_URL "${hidePassword(url)}" cannot be read: percent-encode special characters in its user and password`,
    );
  }
  const hostParameter = parsed.searchParams.get("host");
  if (hostParameter === null) return { address: parsed.href };
  parsed.searchParams.delete("host");
  if (hostParameter.startsWith("/")) return { address: parsed.href, socketDir: hostParameter };
  parsed.hostname = hostParameter;
  return { address: parsed.href };
}

/** The address with its password replaced, for messages and logs. */
export function hidePassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:@/?#]*):[^@/?#]*@/i, "$1:***@");
}
