import { createHmac, randomBytes } from "node:crypto";

// Crockford's alphabet: no letter that is mistaken for a digit.
const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_CHARACTERS = 10;
const SECRET_BYTES = 32;

/** A new id, `d-…` or `u-…`: 50 random bits. */
export function createId(prefix: "d" | "u"): string {
  const characters = [...randomBytes(ID_CHARACTERS)].map((byte) => BASE32[byte & 31]);
  return `${prefix}-${characters.join("")}`;
}

/** A device's secret: long and random, so that a keyed hash is enough to store. */
export function createSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

export function hashSecret(secret: string, deviceKey: Uint8Array): Buffer {
  return createHmac("sha256", deviceKey).update(secret, "utf8").digest();
}
