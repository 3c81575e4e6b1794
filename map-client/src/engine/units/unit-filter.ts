import { UNIT_STATUSES, type UnitKind, type UnitStatus } from "@wufen/contract";
import { UNIT_KINDS } from "../symbols.ts";
import { MARK, type UnitStore } from "./unit-store.ts";

/** Which units a desk wants to see; an empty set of kinds or statuses means all of them. */
export interface UnitFilter {
  readonly kinds: ReadonlySet<UnitKind>;
  readonly statuses: ReadonlySet<UnitStatus>;
  readonly text: string;
}

export interface FilteredUnits {
  /** Unit numbers that pass, emergencies first, then by callsign. */
  readonly listed: Uint32Array;
  /** How many units there are of each kind and status, whatever the filter. */
  readonly byKind: Record<UnitKind, number>;
  readonly byStatus: Record<UnitStatus, number>;
}

const EMERGENCY = UNIT_STATUSES.indexOf("emergency");

/** Filters the store, sets each row's mark of being shown, and lists what passes. */
export function filterUnits(store: UnitStore, filter: UnitFilter): FilteredUnits {
  const byKind = { foot: 0, motorcycle: 0, car: 0, boat: 0 };
  const byStatus = { available: 0, "en-route": 0, "on-scene": 0, busy: 0, "off-duty": 0, emergency: 0 };
  const kinds = UNIT_KINDS.map((kind) => filter.kinds.size === 0 || filter.kinds.has(kind));
  const statuses = UNIT_STATUSES.map((status) => filter.statuses.size === 0 || filter.statuses.has(status));
  const words = filter.text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const urgent: number[] = [];
  const others: number[] = [];
  for (const no of store.order) {
    const row = store.findRow(no);
    if (row === undefined) continue;
    const kind = store.look[row * 4]!;
    const status = store.look[row * 4 + 1]!;
    byKind[UNIT_KINDS[kind]!] += 1;
    byStatus[UNIT_STATUSES[status]!] += 1;
    const passes = kinds[kind]! && statuses[status]! && hasWords(store.unitAt(row)!.callsign, words);
    store.setMark(row, MARK.shown, passes);
    if (passes) (status === EMERGENCY ? urgent : others).push(no);
  }
  const listed = new Uint32Array(urgent.length + others.length);
  listed.set(urgent);
  listed.set(others, urgent.length);
  return { listed, byKind, byStatus };
}

function hasWords(callsign: string, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = callsign.toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}
