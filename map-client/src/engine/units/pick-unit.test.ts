import { describe, expect, it } from "vitest";
import { mulberry32 } from "../testing/random.ts";
import { createRandomStore, createRandomView, NOW_MS } from "../testing/random-store.ts";
import { symbolRadius } from "../view.ts";
import { pickUnit } from "./pick-unit.ts";
import { MARK } from "./unit-store.ts";

describe("picking a unit", () => {
  it.each([1, 2, 3, 4, 5])("finds what a plain comparison of all drawn units finds (seed %i)", (seed) => {
    const chance = mulberry32(seed);
    const store = createRandomStore(chance, 300);
    for (let row = 0; row < store.rows; row++) store.setMark(row, MARK.shown, chance() < 0.8);
    let hits = 0;
    for (let i = 0; i < 300; i++) {
      const view = createRandomView(chance);
      const nowMs = NOW_MS + chance() * 3_000;
      const [left, top] = [chance() * view.width, chance() * view.height];
      const distances = Array.from({ length: store.rows }, (_, row) => {
        if (!store.isDrawn(row)) return Number.POSITIVE_INFINITY;
        // Interpolated here once more, in floats.
        const [px, py, nx, ny] = store.motion.subarray(row * 4, row * 4 + 4) as unknown as number[];
        const [start, length] = [store.timing[row * 4]!, store.timing[row * 4 + 1]!];
        const t = length === 0 ? 1 : Math.min(1, Math.max(0, ((nowMs - store.baseMs) / 1000 - start) / length));
        const x = px! + (nx! - px!) * t;
        const y = py! + (ny! - py!) * t;
        const unitLeft = view.width / 2 + (x - view.centerX) * view.pixelsPerUnit;
        const unitTop = view.height / 2 + (y - view.centerY) * view.pixelsPerUnit;
        return Math.hypot(unitLeft - left, unitTop - top);
      });
      const nearest = distances.reduce((best, distance, row) => (distance < distances[best]! ? row : best), 0);
      const expected = distances[nearest]! < symbolRadius(view) + 6 ? distances[nearest] : undefined;
      const picked = pickUnit(store, view, left, top, nowMs);
      if (expected !== undefined) hits += 1;
      expect(picked === undefined).toBe(expected === undefined);
      if (picked !== undefined) expect(distances[picked]).toBeCloseTo(expected!, 3);
    }
    expect(hits).toBeGreaterThan(5);
  });
});
