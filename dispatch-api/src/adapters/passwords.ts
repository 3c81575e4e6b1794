import { hash, verify } from "@node-rs/argon2";

// OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane; some 30 ms on a thread of its own.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Most password checks waiting or running at once: each takes 19 MiB. */
export const PASSWORD_CHECKS_LIMIT = 16;

let running = 0;
let nobodysHash: Promise<string> | undefined;

export class TooManyChecks extends Error {}

export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Checks a password; takes the same time where there is no such person (`stored` undefined). Throws {@link TooManyChecks}. */
export async function checkPassword(stored: string | undefined, password: string): Promise<boolean> {
  if (running >= PASSWORD_CHECKS_LIMIT) throw new TooManyChecks(`${PASSWORD_CHECKS_LIMIT} sign-ins are being checked`);
  running++;
  try {
    nobodysHash ??= hashPassword("nobody's password");
    const right = await verify(stored ?? (await nobodysHash), password);
    return right && stored !== undefined;
  } finally {
    running--;
  }
}
