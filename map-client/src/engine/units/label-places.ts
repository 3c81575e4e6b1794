import type { MapView } from "../view.ts";

export interface LabelBox {
  readonly row: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Least distance between two labels, pixels. */
export const GAP = 2;
const CELL = 64;
const SPOT = 8;
const BEYOND = 32;

/** The places on the screen that labels have taken. */
export class LabelPlaces {
  readonly #boxes = new Map<number, LabelBox[]>();
  /** Small squares that lie wholly within a taken box and its gap. */
  readonly #covered: Uint8Array;
  readonly #columns: number;
  readonly #lines: number;

  constructor(view: MapView) {
    this.#columns = Math.ceil((view.width + 2 * BEYOND) / SPOT);
    this.#lines = Math.ceil((view.height + 2 * BEYOND) / SPOT);
    this.#covered = new Uint8Array(this.#columns * this.#lines);
  }

  /** Whether a label that begins here certainly overlaps another, however short it is; says no where it is not sure. */
  isCovered(left: number, top: number, height: number): boolean {
    const column = Math.floor((left + 1 + BEYOND) / SPOT);
    if (column < 0 || column >= this.#columns) return false;
    return this.#isSpotCovered(column, top + 1) || this.#isSpotCovered(column, top + height - 1);
  }

  /** Enters the box where it overlaps no other; says whether it did. */
  take(box: LabelBox): boolean {
    const keys: number[] = [];
    for (let column = Math.floor(box.left / CELL); column <= Math.floor(box.right / CELL); column++) {
      for (let line = Math.floor(box.top / CELL); line <= Math.floor(box.bottom / CELL); line++) {
        const key = column * 65_536 + line;
        for (const other of this.#boxes.get(key) ?? []) {
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
      const cell = this.#boxes.get(key);
      if (cell === undefined) this.#boxes.set(key, [box]);
      else cell.push(box);
    }
    this.#cover(box);
    return true;
  }

  #isSpotCovered(column: number, top: number): boolean {
    const line = Math.floor((top + BEYOND) / SPOT);
    return line >= 0 && line < this.#lines && this.#covered[line * this.#columns + column] === 1;
  }

  #cover(box: LabelBox): void {
    const from = Math.max(0, Math.ceil((box.left - GAP + BEYOND) / SPOT));
    const to = Math.min(this.#columns, Math.floor((box.right + GAP + BEYOND) / SPOT));
    const last = Math.min(this.#lines, Math.floor((box.bottom + GAP + BEYOND) / SPOT));
    for (let line = Math.max(0, Math.ceil((box.top - GAP + BEYOND) / SPOT)); line < last; line++) {
      if (to > from) this.#covered.fill(1, line * this.#columns + from, line * this.#columns + to);
    }
  }
}
