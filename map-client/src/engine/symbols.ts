import type { UnitKind, UnitStatus } from "@wufen/contract";
import { UNIT_STATUSES } from "@wufen/contract";

/** The kinds in the order of their number on the GPU. */
export const UNIT_KINDS = ["foot", "motorcycle", "car", "boat"] as const satisfies readonly UnitKind[];

/** Colours of statuses after Okabe and Ito: told apart with any colour vision; each has a mark of its own too. */
export const STATUS_COLOURS: Record<UnitStatus, string> = {
  available: "#56b4e9",
  "en-route": "#e69f00",
  "on-scene": "#009e73",
  busy: "#cc79a7",
  "off-duty": "#8b949e",
  emergency: "#d55e00",
};

export function statusAt(index: number): UnitStatus {
  return UNIT_STATUSES[index] ?? "off-duty";
}

export function rgb(hex: string): [red: number, green: number, blue: number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
