import { FEED_FLAG } from "@wufen/contract";
import { describe, expect, it } from "vitest";
import type { UnitColumns } from "../feed/desk-messages.ts";
import { GLIDE, UnitStore } from "./unit-store.ts";

const T0 = 1_700_000_000_000;

function columns(x: number, atMs: number, snapshot = false, flags: number = FEED_FLAG.hasPosition): UnitColumns {
  return {
    snapshot,
    count: 1,
    unitNo: Uint32Array.of(7),
    x: Uint32Array.of(x),
    y: Uint32Array.of(5000),
    positionAt: Int32Array.of(atMs - T0),
    baseMs: T0,
    speedCms: Uint16Array.of(100),
    headingCdeg: Uint16Array.of(65_535),
    accuracyM: Uint8Array.of(8),
    status: Uint8Array.of(0),
    flags: Uint8Array.of(flags),
    battery: Uint8Array.of(50),
  };
}

function createStore(): UnitStore {
  const store = new UnitStore(2);
  const unit = { no: 7, id: "u-7", callsign: "P7", kind: "car", status: "available", hasDevice: true } as const;
  store.applyUnits({ all: true, upsert: [unit], remove: [], order: Uint32Array.of(7) });
  return store;
}

describe("the unit store", () => {
  it("a unit appears where it is, glides from where it is drawn to the next place, and rests there", () => {
    const store = createStore();
    store.applyFrame(columns(1000, T0, true), T0);
    expect(store.drawnAt(0, T0)).toEqual([1000, 5000]);
    store.applyFrame(columns(3000, T0 + 1000), T0 + 1000);
    expect(store.drawnAt(0, T0 + 1500)[0]).toBeCloseTo(2000, -1);
    store.applyFrame(columns(4000, T0 + 1500), T0 + 1500);
    expect(store.drawnAt(0, T0 + 1500)[0]).toBeCloseTo(2000, -1);
    expect(store.drawnAt(0, T0 + 9000)).toEqual([4000, 5000]);
    expect(store.movingUntilMs).toBe(T0 + 2000);
  });

  it("jumps where gliding would cross the town", () => {
    const store = createStore();
    store.applyFrame(columns(1000, T0, true), T0);
    store.applyFrame(columns(1000 + 2 * GLIDE.farthest, T0 + 1000), T0 + 1000);
    expect(store.drawnAt(0, T0 + 1000)[0]).toBe(1000 + 2 * GLIDE.farthest);
  });

  it("glides across the antimeridian the short way", () => {
    const store = createStore();
    store.applyFrame(columns(2 ** 32 - 100, T0, true), T0);
    store.applyFrame(columns(100, T0 + 1000), T0 + 1000);
    expect(store.drawnAt(0, T0 + 1500)[0]).toBeLessThan(3);
  });

  it("keeps ages to the millisecond's tenth for days, moving its base along", () => {
    const store = createStore();
    for (let hour = 0; hour < 72; hour++) {
      const now = T0 + hour * 3_600_000;
      store.applyFrame(columns(1000 + hour, now - 500), now);
      expect(Math.abs(store.positionAtMs(0) - (now - 500))).toBeLessThan(5);
    }
  });

  it("a row of a unit that left is used again, clean", () => {
    const store = createStore();
    store.applyFrame(columns(1000, T0, true), T0);
    const next = { no: 8, id: "u-8", callsign: "P8", kind: "foot", status: "busy", hasDevice: false } as const;
    store.applyUnits({ all: false, upsert: [next], remove: [7], order: Uint32Array.of(8) });
    expect(store.findRow(8)).toBe(0);
    expect(store.hasPosition(0)).toBe(false);
    expect(store.size).toBe(1);
    expect(store.battery[0]).toBe(255);
  });

  it("what the GPU must be told covers every changed row", () => {
    const store = createStore();
    store.dirtyFrom = store.dirtyTo = 0;
    store.applyFrame(columns(1000, T0), T0);
    expect([store.dirtyFrom, store.dirtyTo]).toEqual([0, 1]);
  });
});
