import { type MapView, symbolRadius, toPixels } from "../view.ts";
import type { UnitStore } from "./unit-store.ts";

/** How far beside a symbol still counts as on it, pixels. */
const REACH = 6;

/** The row of the shown unit drawn nearest to a point of the screen, within its symbol and a little more; by a scan of the store. */
export function pickUnit(
  store: UnitStore,
  view: MapView,
  left: number,
  top: number,
  nowMs: number,
): number | undefined {
  const reach = symbolRadius(view) + REACH;
  let best = reach * reach;
  let found: number | undefined;
  for (let row = 0; row < store.rows; row++) {
    if (!store.isDrawn(row)) continue;
    const [x, y] = store.drawnAt(row, nowMs);
    const [unitLeft, unitTop] = toPixels(view, x, y);
    const distance = (unitLeft - left) ** 2 + (unitTop - top) ** 2;
    if (distance < best || (distance === best && found === undefined)) {
      best = distance;
      found = row;
    }
  }
  return found;
}
