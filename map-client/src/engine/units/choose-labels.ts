import { UNIT_STATUSES } from "@wufen/contract";
import { type MapView, symbolRadius, toPixels } from "../view.ts";
import { GAP, type LabelBox, LabelPlaces } from "./label-places.ts";
import { MARK, type UnitStore } from "./unit-store.ts";

/** Most labels at once; more are no longer read. */
export const LABEL_LIMIT = 300;

/** Below this many pixels of a kilometre only marked units and emergencies are labelled. */
const ROOMY_PIXELS_PER_UNIT = 0.00006;

const EMERGENCY = UNIT_STATUSES.indexOf("emergency");
const SELECTED = 0;
const ORDINARY = 4;
const RANKS = ORDINARY + 2;

/**
 * Chooses whose callsign is drawn: by importance, then those labelled before (so that labels do not flicker), then by row; none
 * overlaps another. `widthOf` gives the pixels of a row's label, all are `height` high and stand to the right of their symbol.
 */
export function chooseLabels(
  store: UnitStore,
  view: MapView,
  nowMs: number,
  before: ReadonlySet<number>,
  widthOf: (row: number) => number,
  height: number,
): LabelBox[] {
  const ranked: number[][] = Array.from({ length: RANKS }, () => []);
  const roomy = view.pixelsPerUnit > ROOMY_PIXELS_PER_UNIT;
  for (let row = 0; row < store.rows; row++) {
    if (!store.isDrawn(row)) continue;
    const rank = rankOf(store, row, before);
    if (roomy || rank < ORDINARY) ranked[rank]!.push(row);
  }
  const offset = symbolRadius(view) + 4;
  const chosen: LabelBox[] = [];
  const places = new LabelPlaces(view);
  for (const [rank, rows] of ranked.entries()) {
    for (const row of rows) {
      if (chosen.length === LABEL_LIMIT) return chosen;
      const [x, y] = store.drawnAt(row, nowMs);
      const at = toPixels(view, x, y);
      if (at[0] < -20 || at[1] < -20 || at[0] > view.width + 20 || at[1] > view.height + 20) continue;
      const left = at[0] + offset;
      const top = at[1] - height / 2;
      // Most of many units in view find their place taken: that costs no measuring of text.
      if (!places.isCovered(left, top, height)) {
        const box = { row, left, top, right: left + widthOf(row), bottom: top + height };
        if (places.take(box)) chosen.push(box);
      }
      // Nobody's label lies on the symbol of the selected unit.
      if (rank === SELECTED) places.take(symbolBox(row, at, offset));
    }
  }
  return chosen;
}

function rankOf(store: UnitStore, row: number, before: ReadonlySet<number>): number {
  const marks = store.look[row * 4 + 3]!;
  if (marks & MARK.selected) return SELECTED;
  if (marks & MARK.hovered) return 1;
  if (store.look[row * 4 + 1] === EMERGENCY) return 2;
  if (marks & MARK.ranked) return 3;
  return before.has(row) ? ORDINARY : ORDINARY + 1;
}

function symbolBox(row: number, at: readonly [number, number], offset: number): LabelBox {
  const reach = offset - 1 - GAP;
  return { row, left: at[0] - reach, top: at[1] - reach, right: at[0] + reach, bottom: at[1] + reach };
}
