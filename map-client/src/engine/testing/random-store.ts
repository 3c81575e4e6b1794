import { FEED_FLAG, UNIT_STATUSES } from "@wufen/contract";
import { mercatorX, mercatorY } from "../mercator.ts";
import { UNIT_KINDS } from "../symbols.ts";
import { UnitStore } from "../units/unit-store.ts";
import { createMapView } from "../view.ts";

export const NOW_MS = 1_700_000_000_000;

/** A store of `count` units strewn over some kilometres of Chengdu. */
export function createRandomStore(chance: () => number, count: number): UnitStore {
  const store = new UnitStore(16);
  const upsert = Array.from({ length: count }, (_, i) => ({
    no: i + 1,
    id: `u-${i + 1}`,
    callsign: `${chance() < 0.5 ? "巡" : "Car "}${Math.floor(chance() * 500)}`,
    kind: UNIT_KINDS[Math.floor(chance() * UNIT_KINDS.length)]!,
    status: UNIT_STATUSES[Math.floor(chance() * UNIT_STATUSES.length)]!,
    hasDevice: true,
  }));
  store.applyUnits({ all: true, upsert, remove: [], order: Uint32Array.from(upsert, (unit) => unit.no) });
  const fill = <T extends ArrayLike<number>>(array: T & { [i: number]: number }, of: (i: number) => number): T => {
    for (let i = 0; i < count; i++) array[i] = of(i);
    return array;
  };
  for (let round = 0; round < 2; round++) {
    store.applyFrame(
      {
        snapshot: round === 0,
        count,
        unitNo: fill(new Uint32Array(count), (i) => i + 1),
        x: fill(new Uint32Array(count), () => mercatorX(1.0404e9 + chance() * 4e5)),
        y: fill(new Uint32Array(count), () => mercatorY(3.062e8 + chance() * 3e5)),
        positionAt: fill(new Int32Array(count), () => (round - 1) * 4_000 - Math.floor(chance() * 500)),
        baseMs: NOW_MS,
        speedCms: new Uint16Array(count),
        headingCdeg: new Uint16Array(count),
        accuracyM: new Uint8Array(count),
        status: fill(new Uint8Array(count), (i) => UNIT_STATUSES.indexOf(upsert[i]!.status)),
        flags: fill(new Uint8Array(count), () => (chance() < 0.9 ? FEED_FLAG.hasPosition : 0)),
        battery: new Uint8Array(count),
      },
      NOW_MS + (round - 1) * 4_000,
    );
  }
  return store;
}

export function createRandomView(chance: () => number) {
  const center = { x: mercatorX(1.0406e9 + chance() * 2e5), y: mercatorY(3.063e8 + chance() * 2e5) };
  return createMapView(center, 11 + chance() * 6, 1200, 800);
}
