import { AttemptLimiter } from "./attempt-limiter.ts";

/** Sign-ins of one address, right or wrong. */
export const SIGN_INS_PER_ADDRESS = { attempts: 60, windowMs: 60_000, keys: 10_000 };
/** Wrong passwords for one name from one address. */
export const FAILURES_PER_NAME = { attempts: 10, windowMs: 300_000, keys: 10_000 };
/** Wrong passwords for one name from all addresses at which its person has not signed in before. */
export const FAILURES_OF_STRANGERS = { attempts: 100, windowMs: 300_000, keys: 10_000 };
/** Most pairs of a name and an address at which it signed in that are remembered. */
const KNOWN_LIMIT = 10_000;

/**
 * Who may try to sign in: guessing is held up, and whoever guesses keeps nobody else out. A person is let in at an address where
 * they signed in before, however many strangers try the name elsewhere. Time is an argument.
 */
export class SignInLimits {
  readonly #byAddress = new AttemptLimiter(SIGN_INS_PER_ADDRESS);
  readonly #byNameAndAddress = new AttemptLimiter(FAILURES_PER_NAME);
  readonly #byName = new AttemptLimiter(FAILURES_OF_STRANGERS);
  readonly #known = new Set<string>();

  /** Counts an attempt and answers whether it may be made. */
  begin(name: string, address: string, nowMs: number): boolean {
    const pair = pairOf(name, address);
    if (!this.#byAddress.allows(address, nowMs) || !this.#byNameAndAddress.allows(pair, nowMs)) return false;
    if (!this.#known.has(pair) && !this.#byName.allows(name, nowMs)) return false;
    this.#byAddress.count(address, nowMs);
    return true;
  }

  failed(name: string, address: string, nowMs: number): void {
    const pair = pairOf(name, address);
    this.#byNameAndAddress.count(pair, nowMs);
    if (!this.#known.has(pair)) this.#byName.count(name, nowMs);
  }

  succeeded(name: string, address: string): void {
    const pair = pairOf(name, address);
    this.#byNameAndAddress.forget(pair);
    this.#known.delete(pair);
    this.#known.add(pair);
    for (const oldest of this.#known) {
      if (this.#known.size <= KNOWN_LIMIT) break;
      this.#known.delete(oldest);
    }
  }
}

function pairOf(name: string, address: string): string {
  return `${address}\n${name}`;
}
