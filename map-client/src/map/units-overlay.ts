import { MapLibreOverlay } from "@deck.gl/maplibre";
import type { Map as MapLibreMap } from "maplibre-gl";
import { LabelAtlas } from "../engine/layer/label-atlas.ts";
import { type ChosenLabels, LabelsLayer } from "../engine/layer/labels-layer.ts";
import { UnitsLayer } from "../engine/layer/units-layer.ts";
import type { LayerScene } from "../engine/layer/view-props.ts";
import type { UnitStore } from "../engine/units/unit-store.ts";

/** The canvas above the map that the units are drawn into; built anew from the store when its GL context is lost. */
export class UnitsOverlay {
  readonly atlas: LabelAtlas;
  readonly chosen: ChosenLabels = { labels: [] };
  readonly #map: MapLibreMap;
  readonly #store: UnitStore;
  readonly #scene: LayerScene;
  readonly #lost: () => void;
  #overlay: MapLibreOverlay | undefined;
  #units: UnitsLayer | undefined;
  #labels: LabelsLayer | undefined;
  #stopped = false;

  constructor(map: MapLibreMap, store: UnitStore, scene: LayerScene, lost: () => void) {
    this.#map = map;
    this.#store = store;
    this.#scene = scene;
    this.#lost = lost;
    this.atlas = new LabelAtlas(globalThis.devicePixelRatio, scene.light);
    this.#build();
  }

  /** Draws at the browser's next frame. */
  redraw(): void {
    this.#units?.setNeedsRedraw();
    this.#labels?.setNeedsRedraw();
  }

  stop(): void {
    this.#stopped = true;
    this.#overlay?.finalize();
    this.#overlay = undefined;
  }

  #build(): void {
    const store = this.#store;
    const scene = this.#scene;
    store.touch(0, store.rows);
    this.#units = new UnitsLayer({ id: "units", data: [], store, scene });
    this.#labels = new LabelsLayer({ id: "labels", data: [], store, scene, atlas: this.atlas, chosen: this.chosen });
    this.#overlay = new MapLibreOverlay({
      interleaved: false,
      layers: [this.#units, this.#labels],
      pickingRadius: 0,
      getCursor: () => "",
      onDeviceInitialized: () => this.#watchContext(),
    });
    this.#map.addControl(this.#overlay, "top-left");
  }

  #watchContext(): void {
    this.#overlay?.getCanvas()?.addEventListener(
      "webglcontextlost",
      () => {
        if (this.#stopped) return;
        this.#lost();
        // After the event's other listeners: deck.gl does not survive being removed inside of it.
        queueMicrotask(() => {
          this.#overlay?.finalize();
          if (!this.#stopped) this.#build();
        });
      },
      { once: true },
    );
  }
}
