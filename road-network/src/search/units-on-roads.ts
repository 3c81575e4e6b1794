import { directionsAt, type RoadPlace } from "./road-place.ts";
import type { TravelModel } from "./travel-model.ts";

const FIRST_CAPACITY = 256;

/**
 * Where the units of one profile are, by edge. Units are numbers from 0, of the caller's choosing (a row of a table);
 * moving one costs the same whether ten or ten thousand stand on an edge.
 */
export class UnitsOnRoads {
  readonly model: TravelModel;
  /** First entry of each edge, −1 for none. Entry 2u is unit u in one direction, 2u + 1 in the other. */
  readonly firstEntry: Int32Array;
  #nextEntry = new Int32Array(FIRST_CAPACITY * 2).fill(-1);
  #previousEntry = new Int32Array(FIRST_CAPACITY * 2).fill(-1);
  #entryEdge = new Int32Array(FIRST_CAPACITY * 2).fill(-1);
  #untilEndDs = new Int32Array(FIRST_CAPACITY * 2);

  constructor(model: TravelModel) {
    this.model = model;
    this.firstEntry = new Int32Array(model.graph.edgeCount).fill(-1);
  }

  /** Puts a unit on the roads, or moves it. Returns false where its profile may not use the road in any direction. */
  place(unit: number, place: RoadPlace): boolean {
    this.remove(unit);
    this.#reserve(unit);
    const directions = directionsAt(this.model, place);
    for (const [i, { edge, untilEndDs }] of directions.entries()) {
      const entry = 2 * unit + i;
      const head = this.firstEntry[edge] as number;
      this.#entryEdge[entry] = edge;
      this.#untilEndDs[entry] = untilEndDs;
      this.#nextEntry[entry] = head;
      this.#previousEntry[entry] = -1;
      if (head >= 0) this.#previousEntry[head] = entry;
      this.firstEntry[edge] = entry;
    }
    return directions.length > 0;
  }

  remove(unit: number): void {
    for (const entry of [2 * unit, 2 * unit + 1]) {
      const edge = this.#entryEdge[entry] ?? -1;
      if (edge < 0) continue;
      const next = this.#nextEntry[entry] as number;
      const previous = this.#previousEntry[entry] as number;
      if (next >= 0) this.#previousEntry[next] = previous;
      if (previous >= 0) this.#nextEntry[previous] = next;
      else this.firstEntry[edge] = next;
      this.#entryEdge[entry] = -1;
    }
  }

  /** The entry after another on the same edge, −1 for none. */
  nextEntry(entry: number): number {
    return this.#nextEntry[entry] as number;
  }

  /** Deciseconds from the unit of an entry to the end of its edge. */
  untilEndDs(entry: number): number {
    return this.#untilEndDs[entry] as number;
  }

  /** The edge of an entry. */
  edgeOf(entry: number): number {
    return this.#entryEdge[entry] as number;
  }

  #reserve(unit: number): void {
    const needed = 2 * unit + 2;
    if (needed <= this.#entryEdge.length) return;
    const capacity = Math.max(needed, this.#entryEdge.length * 2);
    const grow = (old: Int32Array<ArrayBuffer>) => {
      const grown = new Int32Array(capacity).fill(-1);
      grown.set(old);
      return grown;
    };
    this.#nextEntry = grow(this.#nextEntry);
    this.#previousEntry = grow(this.#previousEntry);
    this.#entryEdge = grow(this.#entryEdge);
    this.#untilEndDs = grow(this.#untilEndDs);
  }
}
