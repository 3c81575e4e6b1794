import { type MapView, symbolRadius } from "../view.ts";

/** What both layers read at every drawing; one object that the map keeps up to date, never copied. */
export interface LayerScene {
  view: MapView;
  /** Server's clock. */
  nowMs: () => number;
  light: boolean;
  /** No pulsing: the person asked for reduced motion. */
  still: boolean;
  /** Grows with every drawing. */
  frames: number;
}

/** Length of one pulse of an emergency, ms: one a second, well below three flashes [WCAG 2.3.1]. */
const PULSE_MS = 1000;

export function viewProps(scene: LayerScene, baseMs: number, top: boolean) {
  const { view } = scene;
  const x = Math.floor(view.centerX);
  const y = Math.floor(view.centerY);
  const nowMs = scene.nowMs();
  return {
    centerHigh: [Math.floor(x / 65_536), Math.floor(y / 65_536)],
    centerLow: [x % 65_536, y % 65_536],
    centerRest: [view.centerX - x, view.centerY - y],
    clipPerUnit: [(2 * view.pixelsPerUnit) / view.width, (2 * view.pixelsPerUnit) / view.height],
    clipPerPixel: [2 / view.width, 2 / view.height],
    nowS: (nowMs - baseMs) / 1000,
    radius: symbolRadius(view),
    pulse: scene.still ? 0.25 : (nowMs % PULSE_MS) / PULSE_MS,
    light: scene.light ? 1 : 0,
    top: top ? 1 : 0,
    opacity: 1,
  };
}
