import { describe, expect, it } from "vitest";
import { statusAt } from "../symbols.ts";
import { mulberry32 } from "../testing/random.ts";
import { createRandomStore } from "../testing/random-store.ts";
import { filterUnits } from "./unit-filter.ts";
import { MARK } from "./unit-store.ts";

describe("filtering units", () => {
  it("lists what a plain filter lists, emergencies first, and marks the same rows as shown", () => {
    const store = createRandomStore(mulberry32(3), 500);
    const filter = { kinds: new Set(["car", "foot"] as const), statuses: new Set([]), text: " CAR  1" };
    const { listed } = filterUnits(store, filter);
    const plain = [...store.order].filter((no) => {
      const unit = store.findUnit(no)!;
      const text = unit.callsign.toLowerCase();
      return (unit.kind === "car" || unit.kind === "foot") && text.includes("car") && text.includes("1");
    });
    const urgent = (no: number) => statusAt(store.statusOf(store.findRow(no)!)) === "emergency";
    expect([...listed]).toEqual([...plain.filter(urgent), ...plain.filter((no) => !urgent(no))]);
    for (const no of store.order) expect(store.hasMark(store.findRow(no)!, MARK.shown)).toBe(plain.includes(no));
    expect(plain.length).toBeGreaterThan(10);
  });

  it("counts every unit once by kind and once by status, whatever the filter", () => {
    const store = createRandomStore(mulberry32(4), 321);
    const { byKind, byStatus } = filterUnits(store, { kinds: new Set(), statuses: new Set(["busy"]), text: "x" });
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
    expect(sum(byKind)).toBe(321);
    expect(sum(byStatus)).toBe(321);
  });
});
