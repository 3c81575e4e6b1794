import { createHash, randomBytes } from "node:crypto";
import type { PersonRole } from "@wufen/contract";
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS, sessionEndsAtMs } from "../domain/session-life.ts";
import { ask, DatabaseDown, type Sql } from "./database.ts";

const TOKEN_BYTES = 32;
/** A session is looked up in the database at most this often. */
export const SESSION_CACHE_MS = 3000;
/** Most sessions remembered in memory. */
export const SESSION_CACHE_LIMIT = 10_000;
/** A session's last use is written at most this often. */
export const SESSION_SEEN_MS = 60_000;

export interface SignedIn {
  readonly personNo: number;
  readonly name: string;
  readonly role: PersonRole;
  readonly demo: boolean;
  readonly expiresAtMs: number;
  /** SHA-256 of the token, hexadecimal: names the session without opening it. */
  readonly sessionId: string;
}

interface SessionRow {
  person_no: number;
  name: string;
  role: PersonRole;
  demo: boolean;
  seen_at_ms: number;
  expires_at_ms: number;
}

interface Remembered {
  readonly signedIn: SignedIn;
  readonly checkedAtMs: number;
  readonly seenAtMs: number;
}

/** Sessions in PostgreSQL: the cookie holds a random token, the table its SHA-256. */
export class SessionStore {
  readonly #sql: Sql;
  readonly #now: () => number;
  readonly #demoAllowed: boolean;
  readonly #isDatabaseUp: () => boolean;
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    sql: Sql,
    options: { readonly now: () => number; readonly demoAllowed: boolean; readonly isDatabaseUp?: () => boolean },
  ) {
    this.#sql = sql;
    this.#now = options.now;
    this.#demoAllowed = options.demoAllowed;
    this.#isDatabaseUp = options.isDatabaseUp ?? (() => true);
  }

  /** Begins a session; answers the token for the cookie. */
  async create(personNo: number): Promise<{ token: string; expiresAtMs: number }> {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    const now = this.#now();
    const expiresAtMs = now + SESSION_ABSOLUTE_MS;
    await ask(this.#sql`
      INSERT INTO session (token_hash, person_no, created_at, seen_at, expires_at)
      VALUES (${digest(token)}, ${personNo}, ${new Date(now)}, ${new Date(now)}, ${new Date(expiresAtMs)})`);
    return { token, expiresAtMs };
  }

  /**
   * Who the token's bearer is; undefined where the session is none or over. While the database is down the memory answers.
   * `use` false looks only: it does not put off the end of an idle session.
   */
  async find(token: string, use = true): Promise<SignedIn | undefined> {
    const hash = digest(token);
    const sessionId = hash.toString("hex");
    const now = this.#now();
    const remembered = this.#remembered.get(sessionId);
    if (remembered !== undefined && now - remembered.checkedAtMs < SESSION_CACHE_MS) return remembered.signedIn;
    if (remembered !== undefined && !this.#isDatabaseUp()) return stillSignedIn(remembered, now);
    try {
      return await this.#look(hash, sessionId, now, use);
    } catch (error) {
      if (!(error instanceof DatabaseDown) || remembered === undefined) throw error;
      return stillSignedIn(remembered, now);
    }
  }

  async end(token: string): Promise<string> {
    const hash = digest(token);
    const sessionId = hash.toString("hex");
    this.#remembered.delete(sessionId);
    await ask(this.#sql`DELETE FROM session WHERE token_hash = ${hash}`);
    this.#remembered.delete(sessionId);
    return sessionId;
  }

  async removeExpired(): Promise<void> {
    const now = this.#now();
    await ask(this.#sql`
      DELETE FROM session WHERE expires_at < ${new Date(now)} OR seen_at < ${new Date(now - SESSION_IDLE_MS)}`);
  }

  async #look(hash: Buffer, sessionId: string, now: number, use: boolean): Promise<SignedIn | undefined> {
    const [row] = await ask(this.#sql<SessionRow[]>`
      SELECT person_no, name, role, demo, (extract(epoch from seen_at) * 1000)::float8 AS seen_at_ms,
        (extract(epoch from expires_at) * 1000)::float8 AS expires_at_ms
      FROM session JOIN person ON person.no = person_no
      WHERE token_hash = ${hash} AND disabled_at IS NULL`);
    const valid =
      row !== undefined && now < sessionEndsAtMs(row.seen_at_ms, row.expires_at_ms) && (!row.demo || this.#demoAllowed);
    if (!valid) {
      // Not remembered: invented tokens would push out those who are signed in.
      this.#remembered.delete(sessionId);
      return undefined;
    }
    const due = use && now - row.seen_at_ms > SESSION_SEEN_MS;
    if (due) await ask(this.#sql`UPDATE session SET seen_at = ${new Date(now)} WHERE token_hash = ${hash}`);
    const signedIn: SignedIn = {
      personNo: row.person_no,
      name: row.name,
      role: row.role,
      demo: row.demo,
      expiresAtMs: row.expires_at_ms,
      sessionId,
    };
    this.#remember(sessionId, { signedIn, checkedAtMs: now, seenAtMs: due ? now : row.seen_at_ms });
    return signedIn;
  }

  #remember(sessionId: string, entry: Remembered): void {
    this.#remembered.delete(sessionId);
    this.#remembered.set(sessionId, entry);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= SESSION_CACHE_LIMIT) break;
      this.#remembered.delete(oldest);
    }
  }
}

function stillSignedIn({ signedIn, seenAtMs }: Remembered, nowMs: number): SignedIn | undefined {
  return nowMs < sessionEndsAtMs(seenAtMs, signedIn.expiresAtMs) ? signedIn : undefined;
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
