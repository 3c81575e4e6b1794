import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DeviceRecord, Registry, type RegistryChange } from "../live/registry.ts";
import type { Sql } from "./database.ts";
import { RegistryListener } from "./registry-listener.ts";
import type { RegistryStore } from "./registry-store.ts";

const LOG = pino({ level: "silent" });
/** Longer than notices are gathered, ms. */
const GATHERED_MS = 1000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function device(no: number, label = "a"): DeviceRecord {
  return { no, id: `d-${no}`, label, kind: "handset", datum: "wgs84", disabled: false, createdAtMs: 0 };
}

/** A value that is there when the test says so. */
function later<T>() {
  let give: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

/** A listener whose reads the test answers; it begins with reading everything, as after every connect. */
async function listen(registry: Registry) {
  const answer = { whole: later<Pick<RegistryChange, "devices" | "units">>(), some: later<RegistryChange>() };
  let hear: (payload: string) => void = () => undefined;
  const sql = {
    listen: async (_: string, onNotice: typeof hear, onListen: () => void) => {
      hear = onNotice;
      onListen();
      return { unlisten: async () => undefined };
    },
  };
  const store = {
    readAll: () => answer.whole.promise,
    readSome: () => answer.some.promise,
  };
  const applied: Partial<RegistryChange>[] = [];
  const settled = [later<void>(), later<void>()];
  const listener = new RegistryListener(
    sql as unknown as Sql,
    store as unknown as RegistryStore,
    registry,
    (change) => {
      applied.push(change);
      settled[applied.length - 1]?.give();
    },
    LOG,
  );
  await listener.start();
  await vi.advanceTimersByTimeAsync(GATHERED_MS);
  return { listener, applied, settled, answer, hear: (payload: string) => hear(payload) };
}

describe("the registry's listener", () => {
  it("calls nothing gone that this process added while everything was read", async () => {
    const registry = new Registry();
    registry.apply({ devices: [device(1), device(2)], units: [], goneDevices: [], goneUnits: [] });
    const { listener, applied, settled, answer } = await listen(registry);
    registry.apply({ devices: [device(3)], units: [], goneDevices: [], goneUnits: [] });
    answer.whole.give({ devices: [device(1)], units: [] });
    await settled[0]?.promise;
    expect(applied[0]?.goneDevices).toEqual([2]);
    await listener.stop();
  });

  it("takes answers over in the order of their questions, however long the first takes", async () => {
    const { listener, applied, settled, answer, hear } = await listen(new Registry());
    answer.some.give({ devices: [device(1, "new")], units: [], goneDevices: [], goneUnits: [] });
    hear("device:1");
    await vi.advanceTimersByTimeAsync(GATHERED_MS);
    answer.whole.give({ devices: [device(1, "old")], units: [] });
    await settled[1]?.promise;
    expect(applied.map(({ devices }) => devices?.[0]?.label)).toEqual(["old", "new"]);
    await listener.stop();
  });
});
