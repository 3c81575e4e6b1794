import { WORLD } from "./mercator.ts";

/** What the map shows, north up: its centre in world mercator, pixels of one world unit, and its size in pixels. */
export interface MapView {
  readonly centerX: number;
  readonly centerY: number;
  readonly pixelsPerUnit: number;
  readonly width: number;
  readonly height: number;
}

/** The view of a map at `zoom`, where the whole world is 512 · 2^zoom pixels wide. */
export function createMapView(
  center: { readonly x: number; readonly y: number },
  zoom: number,
  width: number,
  height: number,
): MapView {
  return { centerX: center.x, centerY: center.y, pixelsPerUnit: (512 * 2 ** zoom) / WORLD, width, height };
}

/** Pixels from the left and the top of a world position. */
export function toPixels(view: MapView, x: number, y: number): [left: number, top: number] {
  let dx = x - view.centerX;
  if (dx > WORLD / 2) dx -= WORLD;
  else if (dx < -WORLD / 2) dx += WORLD;
  return [view.width / 2 + dx * view.pixelsPerUnit, view.height / 2 + (y - view.centerY) * view.pixelsPerUnit];
}

/** Radius of a unit's symbol at this view, pixels: smaller where the whole city is seen. */
export function symbolRadius(view: MapView): number {
  const zoom = Math.log2((view.pixelsPerUnit * WORLD) / 512);
  return Math.min(11, Math.max(4.5, 4.5 + (zoom - 9.5) * 1.05));
}
