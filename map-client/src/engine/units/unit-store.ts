import { FEED_FLAG, type FeedUnit, UNIT_STATUSES } from "@wufen/contract";
import type { UnitColumns, UnitsChange } from "../feed/desk-messages.ts";
import { UNIT_KINDS } from "../symbols.ts";

/** Bits of {@link UnitStore.look}[4·row + 3]. */
export const MARK = { shown: 1, selected: 2, hovered: 4, ranked: 8 } as const;

/** How long a marker may take from its last place to the new one, ms, and the farthest way it glides (world units, about 3 km). */
export const GLIDE = { shortestMs: 200, longestMs: 2_500, farthest: 320_000 } as const;

const UNKNOWN_HEADING = -1;
const OFF_DUTY = UNIT_STATUSES.indexOf("off-duty");

/**
 * All units the desk knows, one row each, in columns that go to the GPU as they are. Rows of units that left are used again.
 * Times on the GPU are seconds after {@link baseMs} by the server's clock.
 */
export class UnitStore {
  capacity: number;
  /** Rows in use are below this; some may be free. */
  rows = 0;
  /** previous x, previous y, next x, next y: world mercator. */
  motion: Uint32Array;
  /** glide's start s, glide's length s, positionAt s, heading ° (−1 unknown). */
  timing: Float32Array;
  /** kind, status, flags of the feed, marks. */
  look: Uint8Array;
  speedCms: Uint16Array;
  accuracyM: Uint8Array;
  battery: Uint8Array;
  baseMs = 0;
  /** Grows with every change; panels read it, never the columns' identity. */
  version = 0;
  /** Grows when a unit came, left, was renamed or changed its status: when lists must be made anew. */
  rosterVersion = 0;
  /** Until when something glides, ms by the server's clock. */
  movingUntilMs = 0;
  /** Rows whose columns the GPU does not have yet: from … to, exclusive. */
  dirtyFrom = 0;
  dirtyTo = 0;
  /** Unit numbers in the order of callsigns. */
  order: Uint32Array = new Uint32Array(0);
  readonly #rowOf = new Map<number, number>();
  readonly #units: (FeedUnit | undefined)[] = [];
  #free: number[] = [];

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.motion = new Uint32Array(capacity * 4);
    this.timing = new Float32Array(capacity * 4);
    this.look = new Uint8Array(capacity * 4);
    this.speedCms = new Uint16Array(capacity).fill(65_535);
    this.accuracyM = new Uint8Array(capacity).fill(255);
    this.battery = new Uint8Array(capacity).fill(255);
  }

  get size(): number {
    return this.#rowOf.size;
  }

  findRow(unitNo: number): number | undefined {
    return this.#rowOf.get(unitNo);
  }

  /** The unit of a row; undefined where the row is free. */
  unitAt(row: number): FeedUnit | undefined {
    return this.#units[row];
  }

  findUnit(unitNo: number): FeedUnit | undefined {
    const row = this.#rowOf.get(unitNo);
    return row === undefined ? undefined : this.#units[row];
  }

  statusOf(row: number): number {
    return this.look[row * 4 + 1]!;
  }

  flagsOf(row: number): number {
    return this.look[row * 4 + 2]!;
  }

  hasPosition(row: number): boolean {
    return (this.look[row * 4 + 2]! & FEED_FLAG.hasPosition) !== 0;
  }

  /** Whether a row is drawn: it has a position, passes the filter, and is on duty. */
  isDrawn(row: number): boolean {
    const at = row * 4;
    const { look } = this;
    return (
      (look[at + 2]! & FEED_FLAG.hasPosition) !== 0 && (look[at + 3]! & MARK.shown) !== 0 && look[at + 1] !== OFF_DUTY
    );
  }

  /** When the position of a row was measured, ms by the server's clock. */
  positionAtMs(row: number): number {
    return this.baseMs + this.timing[row * 4 + 2]! * 1000;
  }

  hasMark(row: number, mark: number): boolean {
    return (this.look[row * 4 + 3]! & mark) !== 0;
  }

  setMark(row: number, mark: number, on: boolean): void {
    const at = row * 4 + 3;
    const before = this.look[at]!;
    const after = on ? before | mark : before & ~mark;
    if (after === before) return;
    this.look[at] = after;
    this.touch(row, row + 1);
  }

  /** Where a row's marker is drawn at `nowMs` (server's clock). */
  drawnAt(row: number, nowMs: number): [x: number, y: number] {
    const at = row * 4;
    const { motion, timing } = this;
    const length = timing[at + 1]!;
    const share = length <= 0 ? 1 : ((nowMs - this.baseMs) / 1000 - timing[at]!) / length;
    const t = Math.min(1, Math.max(0, share));
    const px = motion[at]!;
    const py = motion[at + 1]!;
    // The shorter way around the antimeridian, as the shader goes.
    return [(px + ((motion[at + 2]! - px) | 0) * t) >>> 0, (py + ((motion[at + 3]! - py) | 0) * t) >>> 0];
  }

  applyUnits(change: UnitsChange): void {
    if (change.all) {
      const kept = new Set(change.upsert.map((unit) => unit.no));
      for (const no of [...this.#rowOf.keys()]) if (!kept.has(no)) this.#remove(no);
    }
    for (const no of change.remove) this.#remove(no);
    for (const unit of change.upsert) this.#upsert(unit);
    if (change.order !== undefined) this.order = change.order;
    this.rosterVersion += 1;
    this.version += 1;
  }

  /** Applies a frame at `nowMs` (server's clock); a snapshot is the whole truth [F1]. Units the desk does not know are passed over. */
  applyFrame(columns: UnitColumns, nowMs: number): void {
    this.#rebase(columns.baseMs, nowMs);
    const seen = columns.snapshot ? new Uint8Array(this.rows) : undefined;
    let from = this.rows;
    let to = 0;
    for (let i = 0; i < columns.count; i++) {
      const row = this.#rowOf.get(columns.unitNo[i]!);
      if (row === undefined) continue;
      if (seen !== undefined) seen[row] = 1;
      if (row < from) from = row;
      if (row >= to) to = row + 1;
      this.#applyRow(row, columns, i, nowMs);
    }
    if (seen !== undefined) {
      for (let row = 0; row < this.rows; row++) {
        if (seen[row] === 1 || this.#units[row] === undefined) continue;
        this.#clearPosition(row);
        from = Math.min(from, row);
        to = Math.max(to, row + 1);
      }
    }
    if (to > from) this.touch(from, to);
    this.version += 1;
  }

  touch(from: number, to: number): void {
    if (this.dirtyFrom === this.dirtyTo) {
      this.dirtyFrom = from;
      this.dirtyTo = to;
    } else {
      this.dirtyFrom = Math.min(this.dirtyFrom, from);
      this.dirtyTo = Math.max(this.dirtyTo, to);
    }
  }

  #applyRow(row: number, columns: UnitColumns, i: number, nowMs: number): void {
    const at = row * 4;
    const { motion, timing, look } = this;
    const flags = columns.flags[i]!;
    const status = columns.status[i]!;
    const hadPosition = (look[at + 2]! & FEED_FLAG.hasPosition) !== 0;
    if (look[at + 1] !== status || look[at + 2] !== flags) this.rosterVersion += 1;
    look[at + 1] = status;
    look[at + 2] = flags;
    const heading = columns.headingCdeg[i]!;
    timing[at + 3] = heading === 65_535 ? UNKNOWN_HEADING : heading / 100;
    this.speedCms[row] = columns.speedCms[i]!;
    this.accuracyM[row] = columns.accuracyM[i]!;
    this.battery[row] = columns.battery[i]!;
    if ((flags & FEED_FLAG.hasPosition) === 0) {
      this.#clearPosition(row);
      return;
    }
    const x = columns.x[i]!;
    const y = columns.y[i]!;
    const positionAtS = (columns.baseMs - this.baseMs + columns.positionAt[i]!) / 1000;
    const sinceS = positionAtS - timing[at + 2]!;
    timing[at + 2] = positionAtS;
    if (hadPosition && motion[at + 2] === x && motion[at + 3] === y) return;
    const [drawnX, drawnY] = hadPosition ? this.drawnAt(row, nowMs) : [x, y];
    const glides =
      hadPosition && Math.abs((x - drawnX) | 0) < GLIDE.farthest && Math.abs((y - drawnY) | 0) < GLIDE.farthest;
    const glideMs = glides ? Math.min(GLIDE.longestMs, Math.max(GLIDE.shortestMs, sinceS * 1000)) : 0;
    motion[at] = glides ? drawnX : x;
    motion[at + 1] = glides ? drawnY : y;
    motion[at + 2] = x;
    motion[at + 3] = y;
    timing[at] = (nowMs - this.baseMs) / 1000;
    timing[at + 1] = glideMs / 1000;
    this.movingUntilMs = Math.max(this.movingUntilMs, nowMs + glideMs);
  }

  #clearPosition(row: number): void {
    const at = row * 4;
    this.look[at + 2] = this.look[at + 2]! & ~FEED_FLAG.hasPosition;
    this.timing[at + 1] = 0;
  }

  #upsert(unit: FeedUnit): void {
    let row = this.#rowOf.get(unit.no);
    if (row === undefined) {
      row = this.#free.pop() ?? this.rows++;
      if (row >= this.capacity) this.#grow();
      this.#rowOf.set(unit.no, row);
      this.motion.fill(0, row * 4, row * 4 + 4);
      this.timing.fill(0, row * 4, row * 4 + 4);
      this.look.fill(0, row * 4, row * 4 + 4);
      this.speedCms[row] = 65_535;
      this.accuracyM[row] = 255;
      this.battery[row] = 255;
      this.look[row * 4 + 3] = MARK.shown;
    }
    this.#units[row] = unit;
    this.look[row * 4] = UNIT_KINDS.indexOf(unit.kind);
    this.look[row * 4 + 1] = UNIT_STATUSES.indexOf(unit.status);
    this.touch(row, row + 1);
  }

  #remove(no: number): void {
    const row = this.#rowOf.get(no);
    if (row === undefined) return;
    this.#rowOf.delete(no);
    this.#units[row] = undefined;
    this.look.fill(0, row * 4, row * 4 + 4);
    this.#free.push(row);
    this.touch(row, row + 1);
  }

  /** Seconds in 32-bit floats lose milliseconds after some hours: the base moves along. */
  #rebase(baseMs: number, nowMs: number): void {
    const wanted = this.baseMs === 0 ? Math.max(baseMs, nowMs - 3_600_000) : this.baseMs;
    const next = nowMs - wanted > 6 * 3_600_000 ? nowMs : wanted;
    if (next === this.baseMs) return;
    const shiftS = (next - this.baseMs) / 1000;
    if (this.baseMs !== 0) {
      for (let row = 0; row < this.rows; row++) {
        this.timing[row * 4]! -= shiftS;
        this.timing[row * 4 + 2]! -= shiftS;
      }
    }
    this.baseMs = next;
    this.touch(0, this.rows);
  }

  #grow(): void {
    this.capacity *= 2;
    this.motion = copied(new Uint32Array(this.capacity * 4), this.motion);
    this.timing = copied(new Float32Array(this.capacity * 4), this.timing);
    this.look = copied(new Uint8Array(this.capacity * 4), this.look);
    this.speedCms = copied(new Uint16Array(this.capacity).fill(65_535), this.speedCms);
    this.accuracyM = copied(new Uint8Array(this.capacity).fill(255), this.accuracyM);
    this.battery = copied(new Uint8Array(this.capacity).fill(255), this.battery);
  }
}

function copied<T extends Uint32Array | Float32Array | Uint8Array | Uint16Array>(into: T, from: T): T {
  into.set(from);
  return into;
}
