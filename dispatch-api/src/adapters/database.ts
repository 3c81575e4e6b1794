import { setTimeout } from "node:timers/promises";
import { connect, type Sql } from "@wufen/database";

export type { Sql } from "@wufen/database";

/** Connections of one API process. */
export const DATABASE_CONNECTIONS = 8;
/** An answer from the database that takes longer counts as none [P9]. */
export const DATABASE_WAIT_MS = 5000;

/** The database does not answer: refused, cut, or silent. */
export class DatabaseDown extends Error {
  constructor(cause: unknown) {
    super(`the database does not answer (${describe(cause)}); it is tried again by itself`, { cause });
  }
}

export function openDatabase(url: string): Sql {
  return connect(url, { max: DATABASE_CONNECTIONS, applicationName: "wufen dispatch-api", connectTimeoutSeconds: 3 });
}

/** How long a start waits for a database that is starting too, and how often it asks. */
const START_WAIT_MS = 20_000;
const START_PAUSE_MS = 250;

/** Resolves once the database answers; rejects with {@link DatabaseDown} where it does not within {@link START_WAIT_MS}. */
export async function waitForDatabase(sql: Sql): Promise<void> {
  const untilMs = performance.now() + START_WAIT_MS;
  for (;;) {
    try {
      await ask(sql`SELECT 1`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseDown) || performance.now() > untilMs) throw error;
      await setTimeout(START_PAUSE_MS);
    }
  }
}

/** Runs queries, at most {@link DATABASE_WAIT_MS} long; a database that is down is thrown as {@link DatabaseDown}. */
export async function ask<T>(query: PromiseLike<T>, waitMs: number = DATABASE_WAIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = globalThis.setTimeout(() => reject(new DatabaseDown(`silent for ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([query, silence]);
  } catch (error) {
    throw isConnectionFault(error) ? new DatabaseDown(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

// Codes of Node's sockets, of postgres.js, and PostgreSQL's classes 08 (connection), 57P (shutdown), 53 (resources).
const CONNECTION_CODES =
  /^(ECONN|EPIPE|ENOENT|EACCES|ETIMEDOUT|EHOST|ENET|CONNECTION_|CONNECT_TIMEOUT|08|57P|57014|53)/;

function isConnectionFault(error: unknown): boolean {
  return CONNECTION_CODES.test(codeOf(error));
}

/** SQLSTATE or the socket's code; empty where there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
}

function describe(cause: unknown): string {
  return codeOf(cause) || (cause instanceof Error ? cause.message : String(cause));
}
