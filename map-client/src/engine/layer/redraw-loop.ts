/** Most redrawings of moving units a second. */
export const REDRAW_FPS = 30;

/** A clock and a way to be called at the next frame; the browser's in the product. */
export interface FrameSource {
  requestFrame(callback: () => void): number;
  cancelFrame(handle: number): void;
  nowMs(): number;
}

/**
 * Redraws while `isMoving` says so, at most {@link REDRAW_FPS} times a second, and once for every {@link wake}. At rest or paused
 * (a hidden page) it asks for no frames at all.
 */
export class RedrawLoop {
  readonly #frames: FrameSource;
  readonly #isMoving: () => boolean;
  readonly #redraw: () => void;
  #handle: number | undefined;
  #wanted = false;
  #paused = false;
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  constructor(frames: FrameSource, isMoving: () => boolean, redraw: () => void) {
    this.#frames = frames;
    this.#isMoving = isMoving;
    this.#redraw = redraw;
  }

  /** Something changed: draw once, and go on while anything moves. */
  wake(): void {
    this.#wanted = true;
    this.#schedule();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.stop();
    else this.wake();
  }

  stop(): void {
    if (this.#handle !== undefined) this.#frames.cancelFrame(this.#handle);
    this.#handle = undefined;
  }

  #schedule(): void {
    if (this.#paused || this.#handle !== undefined) return;
    this.#handle = this.#frames.requestFrame(() => {
      this.#handle = undefined;
      this.#frame();
    });
  }

  #frame(): void {
    const now = this.#frames.nowMs();
    const moving = this.#isMoving();
    if (!this.#wanted && !moving) return;
    // Half a frame of tolerance: a display of 60 Hz shall give 30, not 20.
    if (now - this.#drawnAtMs >= 1000 / REDRAW_FPS - 8) {
      this.#drawnAtMs = now;
      this.#wanted = false;
      this.#redraw();
    }
    if (this.#wanted || moving) this.#schedule();
  }
}
