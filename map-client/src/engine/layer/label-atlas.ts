/** A label's place in the atlas: texture coordinates of its corners, and its size in CSS pixels. */
export interface LabelSprite {
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
  readonly width: number;
  readonly height: number;
}

/** Lines of pixels of the atlas, as RGBA over its whole width. */
export interface PaintedBand {
  readonly top: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export const LABEL_HEIGHT = 20;
const FONT = '600 12.5px "Noto Sans Variable", "Noto Sans SC Variable", sans-serif';
const SIDE = 1024;
const HALO = 4;

/**
 * Callsigns drawn with the page's own fonts into one canvas, each text once; full, it is begun anew. The GPU gets it as a texture,
 * so that a label moves with its unit without being laid out again.
 */
export class LabelAtlas {
  readonly canvas: HTMLCanvasElement;
  /** Pixels of the canvas painted since the last {@link takePainted}: from … to, exclusive. */
  #paintedFrom = 0;
  #paintedTo = 0;
  readonly #scale: number;
  readonly #paint: CanvasRenderingContext2D;
  readonly #sprites = new Map<string, LabelSprite>();
  readonly #widths = new Map<string, number>();
  readonly #letters = new Set<string>();
  #light: boolean;
  #left = 0;
  #top = 0;

  constructor(devicePixelRatio: number, light: boolean) {
    this.#scale = Math.min(2, Math.max(1, devicePixelRatio));
    this.#light = light;
    this.canvas = document.createElement("canvas");
    this.canvas.width = SIDE * this.#scale;
    this.canvas.height = SIDE * this.#scale;
    const paint = this.canvas.getContext("2d", { willReadFrequently: true });
    if (paint === null) throw new Error("this browser gives no 2D canvas: labels cannot be drawn");
    this.#paint = paint;
    this.#begin();
  }

  /** Begins anew: in other colours, or because fonts arrived. */
  reset(light: boolean): void {
    this.#light = light;
    this.#widths.clear();
    this.#begin();
  }

  /** Loads the font files of letters not met before; resolves to whether there were any. */
  async loadLetters(texts: Iterable<string>): Promise<boolean> {
    let fresh = "";
    for (const text of texts) {
      for (const letter of text) {
        if (this.#letters.has(letter)) continue;
        this.#letters.add(letter);
        fresh += letter;
      }
    }
    if (fresh === "") return false;
    await document.fonts.load(FONT, fresh);
    return true;
  }

  widthOf(text: string): number {
    let width = this.#widths.get(text);
    if (width === undefined) {
      width = Math.ceil(this.#paint.measureText(text).width) + 2 * HALO;
      if (this.#widths.size > 40_000) this.#widths.clear();
      this.#widths.set(text, width);
    }
    return width;
  }

  /** The sprite of a text; undefined where the atlas is full: {@link reset} it and ask for all again. */
  findSprite(text: string): LabelSprite | undefined {
    const known = this.#sprites.get(text);
    if (known !== undefined) return known;
    const width = Math.min(SIDE, this.widthOf(text));
    if (this.#left + width > SIDE) {
      this.#left = 0;
      this.#top += LABEL_HEIGHT;
    }
    if (this.#top + LABEL_HEIGHT > SIDE) return undefined;
    const paint = this.#paint;
    paint.lineWidth = HALO;
    paint.strokeStyle = this.#light ? "rgba(255,255,255,.92)" : "rgba(6,11,16,.9)";
    paint.fillStyle = this.#light ? "#10202e" : "#eaf1f7";
    paint.strokeText(text, this.#left + HALO, this.#top + LABEL_HEIGHT / 2 + 0.5);
    paint.fillText(text, this.#left + HALO, this.#top + LABEL_HEIGHT / 2 + 0.5);
    const sprite: LabelSprite = {
      box: [this.#left / SIDE, this.#top / SIDE, (this.#left + width) / SIDE, (this.#top + LABEL_HEIGHT) / SIDE],
      width,
      height: LABEL_HEIGHT,
    };
    const from = this.#top * this.#scale;
    this.#paintedFrom = this.#paintedTo === 0 ? from : Math.min(this.#paintedFrom, from);
    this.#paintedTo = Math.max(this.#paintedTo, Math.ceil((this.#top + LABEL_HEIGHT) * this.#scale));
    this.#left += width;
    this.#sprites.set(text, sprite);
    return sprite;
  }

  /** The band of whole lines that was painted since it was last taken; with `all`, of everything that holds text. */
  takePainted(all: boolean): PaintedBand | undefined {
    const used = Math.ceil((this.#top + LABEL_HEIGHT) * this.#scale);
    const top = all ? 0 : Math.floor(this.#paintedFrom);
    const bottom = all ? used : this.#paintedTo;
    this.#paintedFrom = 0;
    this.#paintedTo = 0;
    if (bottom <= top) return undefined;
    const height = Math.min(bottom, this.canvas.height) - top;
    const { data } = this.#paint.getImageData(0, top, this.canvas.width, height);
    return { top, height, pixels: new Uint8Array(data.buffer) };
  }

  #begin(): void {
    const paint = this.#paint;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.canvas.width, this.canvas.height);
    paint.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    paint.font = FONT;
    paint.textBaseline = "middle";
    paint.lineJoin = "round";
    this.#sprites.clear();
    this.#left = 0;
    this.#top = 0;
    // What the GPU still holds below is of no label any more.
    this.#paintedFrom = 0;
    this.#paintedTo = 0;
  }
}
