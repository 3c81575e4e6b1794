import { UNIT_STATUSES } from "@wufen/contract";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "../testing/random.ts";
import { createRandomStore, createRandomView, NOW_MS } from "../testing/random-store.ts";
import { symbolRadius, toPixels } from "../view.ts";
import { chooseLabels, LABEL_LIMIT } from "./choose-labels.ts";
import { MARK } from "./unit-store.ts";

const HEIGHT = 20;

describe("choosing labels", () => {
  it.each([1, 2, 3, 4])("no two overlap, none is left out that would have found room (seed %i)", (seed) => {
    const chance = mulberry32(seed);
    const store = createRandomStore(chance, 400);
    const widthOf = (row: number) => 30 + (row % 7) * 15;
    for (let i = 0; i < 20; i++) {
      const view = createRandomView(chance);
      const boxes = chooseLabels(store, view, NOW_MS, new Set(), widthOf, HEIGHT);
      expect(boxes.length).toBeLessThanOrEqual(LABEL_LIMIT);
      for (const [at, a] of boxes.entries()) {
        for (const b of boxes.slice(at + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart, `rows ${a.row} and ${b.row}`).toBe(true);
        }
      }
      const labelled = new Set(boxes.map((box) => box.row));
      expect(labelled.size).toBe(boxes.length);
      if (view.pixelsPerUnit < 0.00006 || boxes.length === LABEL_LIMIT) continue;
      for (let row = 0; row < store.rows; row++) {
        if (labelled.has(row) || !store.isDrawn(row)) continue;
        const [x, y] = toPixels(view, ...store.drawnAt(row, NOW_MS));
        if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
        const left = x + symbolRadius(view) + 4 - 2;
        const right = left + widthOf(row) + 4;
        const near = (box: (typeof boxes)[number]) =>
          left < box.right && box.left < right && Math.abs((box.top + box.bottom) / 2 - y) < HEIGHT + 2;
        expect(boxes.some(near), `row ${row} has no label and nothing in its place`).toBe(true);
      }
    }
  });

  it("the selected unit always has its label, then emergencies", () => {
    const chance = mulberry32(8);
    const store = createRandomStore(chance, 2000);
    const view = { ...createRandomView(chance), pixelsPerUnit: 0.00004 };
    const selected = Array.from({ length: store.rows }, (_, row) => row).findLast((row) => store.isDrawn(row))!;
    store.setMark(selected, MARK.selected, true);
    const [x, y] = store.drawnAt(selected, NOW_MS);
    const boxes = chooseLabels(store, { ...view, centerX: x, centerY: y }, NOW_MS, new Set(), () => 60, HEIGHT);
    expect(boxes[0]?.row).toBe(selected);
    const emergency = UNIT_STATUSES.indexOf("emergency");
    for (const box of boxes.slice(1)) expect(store.statusOf(box.row)).toBe(emergency);
  });

  it("keeps what was labelled before, so that labels do not flicker", () => {
    const store = createRandomStore(mulberry32(5), 600);
    const view = { ...createRandomView(mulberry32(6)), pixelsPerUnit: 0.0004 };
    const first = chooseLabels(store, view, NOW_MS, new Set(), () => 70, HEIGHT);
    const rows = new Set(first.map((box) => box.row));
    const again = chooseLabels(store, view, NOW_MS, rows, () => 70, HEIGHT);
    expect(again.filter((box) => rows.has(box.row)).length).toBe(rows.size);
  });
});
