import { describe, expect, it } from "vitest";
import { REDRAW_FPS, RedrawLoop } from "./redraw-loop.ts";

/** Frames of a display of 60 Hz, by hand. */
function createDisplay() {
  const display = {
    now: 0,
    callback: undefined as (() => void) | undefined,
    requestFrame(callback: () => void) {
      display.callback = callback;
      return 1;
    },
    cancelFrame() {
      display.callback = undefined;
    },
    nowMs: () => display.now,
    run(frames: number) {
      for (let i = 0; i < frames; i++) {
        display.now += 1000 / 60;
        const { callback } = display;
        display.callback = undefined;
        callback?.();
      }
    },
  };
  return display;
}

describe("the redraw loop", () => {
  it("draws at most so often while something moves, then stops asking for frames", () => {
    const display = createDisplay();
    let moving = true;
    let drawn = 0;
    const loop = new RedrawLoop(
      display,
      () => moving,
      () => (drawn += 1),
    );
    loop.wake();
    display.run(60);
    expect(drawn).toBeGreaterThanOrEqual(REDRAW_FPS - 2);
    expect(drawn).toBeLessThanOrEqual(REDRAW_FPS + 1);
    moving = false;
    display.run(3);
    expect(display.callback).toBeUndefined();
  });

  it("draws once for a wake at rest, and nothing while paused", () => {
    const display = createDisplay();
    let drawn = 0;
    const loop = new RedrawLoop(
      display,
      () => false,
      () => (drawn += 1),
    );
    loop.wake();
    display.run(5);
    expect(drawn).toBe(1);
    loop.setPaused(true);
    loop.wake();
    display.run(5);
    expect(drawn).toBe(1);
    loop.setPaused(false);
    display.run(5);
    expect(drawn).toBe(2);
  });
});
