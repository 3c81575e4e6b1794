import type { Fix } from "@wufen/contract";

/** A measured position before it is anyone's: the device's number and the receipt are not in the message. */
export type Measured = Omit<Fix, "deviceNo" | "receivedAtMs" | "clockOffsetMs">;

/** What a message says. */
export type Decoded =
  | {
      readonly kind: "fixes";
      readonly fixes: readonly Measured[] /** Device clock at sending, ms. */;
      readonly sentAtMs: number | undefined;
    }
  | { readonly kind: "presence"; readonly online: boolean }
  /** Sound, acknowledged, and nothing to store. */
  | { readonly kind: "nothing" }
  | { readonly kind: "malformed"; readonly why: string };

export function malformed(why: string): Decoded {
  return { kind: "malformed", why };
}

export const NOTHING: Decoded = { kind: "nothing" };
