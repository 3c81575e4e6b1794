import { hidePassword } from "../connect.ts";

/** HELLO, and with it the one connection that both asks and listens. */
const OLDEST_MAJOR = 6;

/** A Redis that cannot be used as it is; the message names the address without its password, and the remedy. */
export class RedisRefused extends Error {
  constructor(url: string, why: string, cause?: unknown) {
    super(`REDIS_URL=${hidePassword(url)} ${why}`, { cause });
  }
}

/** What the server said of itself, in the words of HELLO. @throws RedisRefused where it is too old or takes no writes */
export function judgeServer(url: string, hello: { readonly version: string; readonly role: string }): void {
  if (Number.parseInt(hello.version, 10) < OLDEST_MAJOR) throw tooOld(url, hello.version);
  if (hello.role !== "master") {
    throw new RedisRefused(url, `is a read-only ${hello.role}: give the address of the primary`);
  }
}

/** Why the first connection failed. */
export function explain(url: string, error: unknown): RedisRefused {
  if (error instanceof RedisRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = String((error as { code?: unknown } | undefined)?.code ?? "");
  if (/WRONGPASS|NOAUTH|invalid password|called without any password|NOPERM/i.test(message)) {
    return new RedisRefused(url, `refuses the user or the password (${message}): correct them`, error);
  }
  if (/unknown command|NOPROTO|unsupported protocol/i.test(message)) return tooOld(url, "before 6", error);
  if (/^(LOADING|BUSY|MASTERDOWN)/.test(message)) {
    return new RedisRefused(url, `is not ready (${message}): start again in a moment`, error);
  }
  const what = code || message || "silence";
  return new RedisRefused(url, `does not answer (${what}): start Redis there or correct the address`, error);
}

function tooOld(url: string, version: string, cause?: unknown): RedisRefused {
  return new RedisRefused(url, `is Redis ${version}: ${OLDEST_MAJOR}.0 or later is needed, or Valkey`, cause);
}
