import { fromMercator } from "../engine/mercator.ts";
import type { Desk } from "./desk.svelte.ts";

/**
 * What a browser test may read of the desk, as `window.__wufen`. Nothing can be changed through it.
 * Positions are [lng, lat] in degrees, times are Unix ms by this machine's clock unless said otherwise.
 */
export interface TestHook {
  /** The map is loaded and the feed is live. */
  readonly ready: boolean;
  unitCount(): number;
  /** Where a unit stands in the map's state: what the GPU draws, or is gliding to. */
  unitPosition(
    callsign: string,
  ): { position: [number, number]; drawn: [number, number]; positionAtMs: number } | undefined;
  /** Last frame: from the server's sending to its arrival. */
  readonly feedDelayMs: number;
  /** Drawings of the units so far. */
  readonly frames: number;
  /** Position frames applied so far. */
  readonly framesApplied: number;
  readonly lastAppliedAtMs: number;
  /** True when everything applied was also drawn. */
  readonly drawn: boolean;
  readonly selected: string | undefined;
  readonly link: string;
  /** Pixels from the map's left and top of a unit's marker. */
  unitPixels(callsign: string): [number, number] | undefined;
}

declare global {
  interface Window {
    __wufen?: TestHook;
  }
}

export function exposeTestHook(desk: Desk): () => void {
  const { live } = desk;
  const find = (callsign: string): number | undefined => {
    for (let row = 0; row < live.store.rows; row++) {
      if (live.store.unitAt(row)?.callsign === callsign && live.store.hasPosition(row)) return row;
    }
    return undefined;
  };
  const hook: TestHook = {
    get ready() {
      return desk.mapLoaded && desk.link.state === "live";
    },
    unitCount: () => live.store.size,
    unitPosition(callsign) {
      const row = find(callsign);
      if (row === undefined) return undefined;
      const { motion } = live.store;
      return {
        position: fromMercator(motion[row * 4 + 2]!, motion[row * 4 + 3]!),
        drawn: fromMercator(...live.store.drawnAt(row, live.nowMs())),
        positionAtMs: live.store.positionAtMs(row),
      };
    },
    unitPixels(callsign) {
      const at = hook.unitPosition(callsign);
      const point = at === undefined ? undefined : desk.map?.map.project(at.drawn);
      return point === undefined ? undefined : [point.x, point.y];
    },
    get feedDelayMs() {
      return live.delayMs;
    },
    get frames() {
      return desk.map?.scene.frames ?? 0;
    },
    get framesApplied() {
      return live.framesApplied;
    },
    get lastAppliedAtMs() {
      return live.lastAppliedAtMs;
    },
    get drawn() {
      return live.store.dirtyFrom === live.store.dirtyTo;
    },
    get selected() {
      return desk.selectedNo === undefined ? undefined : live.store.findUnit(desk.selectedNo)?.callsign;
    },
    get link() {
      return desk.link.state;
    },
  };
  window.__wufen = Object.freeze(hook);
  return () => {
    delete window.__wufen;
  };
}
