import { decodeBinaryPing, FIX_FLAG } from "@wufen/contract";
import { type Decoded, malformed } from "./decoded.ts";

/** Reads a compact ping of `wufen/<id>/ping`. Never throws. */
export function decodeBinary(payload: Uint8Array): Decoded {
  const result = decodeBinaryPing(payload);
  if (!result.ok) return malformed(result.why);
  const { ping } = result;
  const flags = (ping.simulated ? FIX_FLAG.simulated : 0) | (ping.backlog ? FIX_FLAG.backlog : 0);
  const fixes = ping.fixes.map((fix) => ({ ...fix, batteryPercent: ping.batteryPercent, flags }));
  return { kind: "fixes", fixes, sentAtMs: ping.sentAtMs };
}
