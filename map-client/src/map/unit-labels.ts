import { LABEL_HEIGHT } from "../engine/layer/label-atlas.ts";
import type { LayerScene } from "../engine/layer/view-props.ts";
import type { LiveUnits } from "../engine/live-units.ts";
import { chooseLabels } from "../engine/units/choose-labels.ts";
import type { UnitsOverlay } from "./units-overlay.ts";

/** What a label says beside the callsign; empty where the position is fresh. */
export type LabelText = (row: number, callsign: string) => string;

/** Labels are chosen this often; in between they move with their units. */
const LABELS_EVERY_MS = 1000;

/** Chooses whose callsign is drawn, apart from the updates of positions. */
export class UnitLabels {
  readonly #live: LiveUnits;
  readonly #overlay: UnitsOverlay;
  readonly #scene: LayerScene;
  readonly #textOf: (row: number) => string;
  readonly #wake: () => void;
  #labelled: ReadonlySet<number> = new Set();
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame: number | undefined;
  #stopped = false;

  constructor(live: LiveUnits, overlay: UnitsOverlay, scene: LayerScene, text: LabelText, wake: () => void) {
    this.#live = live;
    this.#overlay = overlay;
    this.#scene = scene;
    this.#textOf = (row) => text(row, live.store.unitAt(row)?.callsign ?? "");
    this.#wake = wake;
    this.#timer = setInterval(() => this.choose(), LABELS_EVERY_MS);
  }

  /** Before the next frame: something was selected, pointed at or renamed. */
  chooseSoon(): void {
    if (this.#stopped) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.choose();
    });
  }

  choose(): void {
    if (this.#stopped || document.hidden) return;
    const { store } = this.#live;
    const { atlas, chosen } = this.#overlay;
    const boxes = chooseLabels(
      store,
      this.#scene.view,
      this.#live.nowMs(),
      this.#labelled,
      (row) => atlas.widthOf(this.#textOf(row)),
      LABEL_HEIGHT,
    );
    this.#labelled = new Set(boxes.map((box) => box.row));
    const texts = boxes.map(({ row }) => ({ row, text: this.#textOf(row) }));
    const sprites = () => texts.map(({ row, text }) => ({ row, sprite: atlas.findSprite(text) }));
    let labels = sprites();
    if (labels.some(({ sprite }) => sprite === undefined)) {
      atlas.reset(this.#scene.light);
      labels = sprites();
    }
    chosen.labels = labels.flatMap(({ row, sprite }) => (sprite === undefined ? [] : [{ row, sprite }]));
    this.#wake();
    void atlas.loadLetters(texts.map(({ text }) => text)).then((fresh) => {
      if (!fresh || this.#stopped) return;
      atlas.reset(this.#scene.light);
      this.choose();
    });
  }

  /** Ends the choosing by the clock. */
  stopClock(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.stopClock();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }
}
