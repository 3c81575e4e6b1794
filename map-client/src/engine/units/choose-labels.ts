import { UNIT_STATUSES } from "@wufen/contract";
import { type MapView, symbolRadius, toPixels } from "../view.ts";
import { MARK, type UnitStore } from "./unit-store.ts";

/** Most labels at once; more are no longer read. */
export const LABEL_LIMIT = 300;

/** Below this many pixels of a kilometre only marked units and emergencies are labelled. */
const ROOMY_PIXELS_PER_UNIT = 0.00006;

export interface LabelBox {
  readonly row: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const EMERGENCY = UNIT_STATUSES.indexOf("emergency");
const OFF_DUTY = UNIT_STATUSES.indexOf("off-duty");
const SELECTED = 0;
const CELL = 64;
const GAP = 2;

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
  const candidates: { row: number; rank: number; left: number; top: number }[] = [];
  const roomy = view.pixelsPerUnit > ROOMY_PIXELS_PER_UNIT;
  for (let row = 0; row < store.rows; row++) {
    if (!store.hasMark(row, MARK.shown) || !store.hasPosition(row)) continue;
    const rank = rankOf(store, row, before);
    if (!roomy && rank > 3) continue;
    const [x, y] = store.drawnAt(row, nowMs);
    const [left, top] = toPixels(view, x, y);
    if (left < -20 || top < -20 || left > view.width + 20 || top > view.height + 20) continue;
    candidates.push({ row, rank, left, top });
  }
  candidates.sort((a, b) => a.rank - b.rank || a.row - b.row);
  const offset = symbolRadius(view) + 4;
  const chosen: LabelBox[] = [];
  const cells = new Map<number, LabelBox[]>();
  for (const candidate of candidates) {
    if (chosen.length === LABEL_LIMIT) break;
    const left = candidate.left + offset;
    const top = candidate.top - height / 2;
    const box = { row: candidate.row, left, top, right: left + widthOf(candidate.row), bottom: top + height };
    if (takePlace(cells, box)) chosen.push(box);
    // Nobody's label lies on the symbol of the selected unit.
    if (candidate.rank === SELECTED) takePlace(cells, symbolBox(candidate, offset));
  }
  return chosen;
}

function rankOf(store: UnitStore, row: number, before: ReadonlySet<number>): number {
  const marks = store.look[row * 4 + 3]!;
  if (marks & MARK.selected) return SELECTED;
  if (marks & MARK.hovered) return 1;
  const status = store.look[row * 4 + 1]!;
  if (status === EMERGENCY) return 2;
  if (marks & MARK.ranked) return 3;
  return (status === OFF_DUTY ? 6 : 4) + (before.has(row) ? 0 : 1);
}

function symbolBox({ row, left, top }: { row: number; left: number; top: number }, offset: number): LabelBox {
  const reach = offset - 1 - GAP;
  return { row, left: left - reach, top: top - reach, right: left + reach, bottom: top + reach };
}

/** Enters the box where it overlaps no other; says whether it did. */
function takePlace(cells: Map<number, LabelBox[]>, box: LabelBox): boolean {
  const keys: number[] = [];
  for (let column = Math.floor(box.left / CELL); column <= Math.floor(box.right / CELL); column++) {
    for (let line = Math.floor(box.top / CELL); line <= Math.floor(box.bottom / CELL); line++) {
      const key = column * 65_536 + line;
      for (const other of cells.get(key) ?? []) {
        if (
          box.left < other.right + GAP &&
          other.left < box.right + GAP &&
          box.top < other.bottom + GAP &&
          other.top < box.bottom + GAP
        ) {
          return false;
        }
      }
      keys.push(key);
    }
  }
  for (const key of keys) {
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [box]);
    else cell.push(box);
  }
  return true;
}
