import "maplibre-gl/dist/maplibre-gl.css";
import type { MapInfo } from "@wufen/contract";
import type { FeatureCollection, Geometry } from "geojson";
import {
  type GeoJSONSource,
  Map as MapLibreMap,
  MercatorCoordinate,
  type Point,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { RedrawLoop } from "../engine/layer/redraw-loop.ts";
import type { LayerScene } from "../engine/layer/view-props.ts";
import type { LiveUnits } from "../engine/live-units.ts";
import { fromMercator, WORLD } from "../engine/mercator.ts";
import { pickUnit } from "../engine/units/pick-unit.ts";
import { createMapView } from "../engine/view.ts";
import { createBaseMapStyle, createEmptyStyle } from "../style/base-map-style.ts";
import { type DeskData, type DeskSource, EMPTY, withDeskLayers } from "../style/desk-layers.ts";
import { collectFontFaces } from "../style/font-faces.ts";
import { darkPalette, lightPalette } from "../style/palette.ts";
import { boundsOf, shiftInto } from "./free-part.ts";
import { type LabelText, UnitLabels } from "./unit-labels.ts";
import { UnitsOverlay } from "./units-overlay.ts";

setWorkerUrl(workerUrl);

/** Least distance of what is revealed from the edges of what is free, pixels. */
const MARGIN = 24;
/** Farthest the map zooms out for an area: to a third. */
const MOST_SHRUNK = 3;

export interface Look {
  readonly theme: "dark" | "light";
  readonly language: "zh" | "en";
}

export interface CommandMapEvents {
  /** A click: on a unit (its number) or on a place. */
  clicked(unitNo: number | undefined, place: [lng: number, lat: number]): void;
  hovered(unitNo: number | undefined): void;
  moved(view: { center: [lng: number, lat: number]; zoom: number }): void;
  /** The person moved the map by hand. */
  takenOver(): void;
  loaded(): void;
  drawingLost(): void;
}

/** The map with its units: MapLibre below, our overlay above. Knows no panels. */
export class CommandMap {
  readonly map: MapLibreMap;
  readonly scene: LayerScene;
  readonly labels: UnitLabels;
  readonly #live: LiveUnits;
  readonly #info: MapInfo | undefined;
  readonly #events: CommandMapEvents;
  readonly #overlay: UnitsOverlay;
  readonly #loop: RedrawLoop;
  readonly #data: DeskData = { rings: EMPTY, routes: EMPTY, track: EMPTY, "track-points": EMPTY, place: EMPTY };
  #look: Look;
  #emergencies = false;

  constructor(
    container: HTMLElement,
    info: MapInfo | undefined,
    live: LiveUnits,
    look: Look,
    start: { center: [number, number]; zoom: number } | undefined,
    labelText: LabelText,
    events: CommandMapEvents,
  ) {
    this.#live = live;
    this.#info = info;
    this.#look = look;
    this.#events = events;
    this.map = new MapLibreMap({
      container,
      style: this.#style(),
      ...(start ??
        (info === undefined
          ? { center: [104.06, 30.66], zoom: 11 }
          : { bounds: info.bounds, fitBoundsOptions: { padding: 24 } })),
      minZoom: 3,
      maxZoom: 20,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: { compact: false },
      fadeDuration: 120,
      refreshExpiredTiles: false,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
    this.scene = {
      view: this.#view(),
      nowMs: live.nowMs,
      light: look.theme === "light",
      still: matchMedia("(prefers-reduced-motion: reduce)").matches,
      frames: 0,
    };
    this.#overlay = new UnitsOverlay(this.map, live.store, this.scene, () => {
      events.drawingLost();
      this.wake();
    });
    this.#loop = new RedrawLoop(
      {
        requestFrame: (callback) => requestAnimationFrame(callback),
        cancelFrame: (handle) => cancelAnimationFrame(handle),
        nowMs: () => performance.now(),
      },
      () => live.nowMs() < live.store.movingUntilMs + 60 || (this.#emergencies && !this.scene.still),
      () => this.#overlay.redraw(),
    );
    this.labels = new UnitLabels(live, this.#overlay, this.scene, labelText, () => this.wake());
    this.#listen();
    document.addEventListener("visibilitychange", this.#visibility);
  }

  /** Something in the store changed. */
  wake(): void {
    this.#loop.wake();
  }

  setEmergencies(any: boolean): void {
    this.#emergencies = any;
  }

  setLook(look: Look): void {
    if (look.theme === this.#look.theme && look.language === this.#look.language) return;
    this.#look = look;
    this.scene.light = look.theme === "light";
    this.#overlay.atlas.reset(this.scene.light);
    this.map.setStyle(this.#style());
    this.labels.choose();
  }

  setData(source: DeskSource, data: FeatureCollection): void {
    this.#data[source] = data;
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(data);
  }

  /** The place of a unit as it is stored (the end of its glide), if it has one. */
  findPlace(unitNo: number): [lng: number, lat: number] | undefined {
    const { store } = this.#live;
    const row = store.findRow(unitNo);
    if (row === undefined || !store.isDrawn(row)) return undefined;
    return fromMercator(store.motion[row * 4 + 2]!, store.motion[row * 4 + 3]!);
  }

  flyTo(place: [lng: number, lat: number], zoom = Math.max(this.map.getZoom(), 14.5)): void {
    this.map.easeTo({ center: place, zoom, duration: this.scene.still ? 0 : 600 });
  }

  /**
   * Eases, as little as it takes, so that the place and the area around it are not under panels that cover `covered` pixels on the
   * right. Where the area is much larger than what is seen, the place alone: nobody is thrown out of a street by a click.
   */
  reveal(place: [lng: number, lat: number], area: readonly Geometry[], covered: number): void {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const padding = { left: MARGIN, top: MARGIN, right: covered + MARGIN, bottom: 2 * MARGIN };
    const free = {
      left: padding.left,
      top: padding.top,
      right: clientWidth - padding.right,
      bottom: clientHeight - padding.bottom,
    };
    if (free.right - free.left < 120 || free.bottom - free.top < 120) return;
    const bounds = boundsOf([...area, { type: "Point", coordinates: place }]);
    const whole = bounds.map((corner) => this.map.project(corner)) as [Point, Point];
    const duration = this.scene.still ? 0 : 500;
    const scale = Math.max(
      (whole[1].x - whole[0].x) / (free.right - free.left),
      (whole[1].y - whole[0].y) / (free.bottom - free.top),
    );
    if (scale > 1 && scale <= MOST_SHRUNK) {
      this.map.fitBounds(bounds, { padding, duration, maxZoom: this.map.getZoom() });
      return;
    }
    const at = this.map.project(place);
    const [from, to] = scale <= 1 ? whole : [at, at];
    const dx = shiftInto(from.x, to.x, free.left, free.right);
    const dy = shiftInto(from.y, to.y, free.top, free.bottom);
    if (Math.abs(dx) > 1 || Math.abs(dy) > 1) this.map.panBy([dx, dy], { duration });
  }

  /** Fits all drawn units; says whether there were any. */
  showUnits(duration: number): boolean {
    const { store } = this.#live;
    const places: Geometry[] = [];
    for (let row = 0; row < store.rows; row++) {
      if (!store.isDrawn(row)) continue;
      places.push({ type: "Point", coordinates: fromMercator(store.motion[row * 4 + 2]!, store.motion[row * 4 + 3]!) });
    }
    if (places.length === 0) return false;
    this.map.fitBounds(boundsOf(places), { padding: 60, maxZoom: 15, duration });
    return true;
  }

  keepInMiddle(place: [lng: number, lat: number]): void {
    if (this.map.dragPan.isActive()) return;
    this.map.easeTo({ center: place, duration: this.scene.still ? 0 : 900, easing: (t) => t });
  }

  showAll(): void {
    const duration = this.scene.still ? 0 : 500;
    if (this.#info === undefined) this.showUnits(duration);
    else this.map.fitBounds(this.#info.bounds, { padding: 24, duration });
  }

  stop(): void {
    this.labels.stop();
    document.removeEventListener("visibilitychange", this.#visibility);
    this.#loop.stop();
    this.#overlay.stop();
    this.map.remove();
  }

  readonly #visibility = () => this.#loop.setPaused(document.hidden);

  #listen(): void {
    const { map } = this;
    const update = () => {
      this.scene.view = this.#view();
    };
    map.on("move", update);
    map.on("resize", () => {
      update();
      this.wake();
    });
    map.on("moveend", () => {
      const { lng, lat } = map.getCenter();
      this.#events.moved({ center: [lng, lat], zoom: map.getZoom() });
      this.labels.choose();
    });
    map.on("dragstart", () => this.#events.takenOver());
    map.on("click", ({ point, lngLat }) => {
      this.#events.clicked(this.#pick(point.x, point.y), [lngLat.lng, lngLat.lat]);
    });
    map.on("mousemove", ({ point }) => {
      const unitNo = this.#pick(point.x, point.y);
      map.getCanvas().style.cursor = unitNo === undefined ? "" : "pointer";
      this.#events.hovered(unitNo);
    });
    map.on("mouseout", () => this.#events.hovered(undefined));
    map.once("load", () => this.#events.loaded());
  }

  #pick(left: number, top: number): number | undefined {
    const { store, nowMs } = this.#live;
    const row = pickUnit(store, this.scene.view, left, top, nowMs());
    return row === undefined ? undefined : store.unitAt(row)?.no;
  }

  #view() {
    const { map } = this;
    const { clientWidth, clientHeight } = map.getContainer();
    const center = MercatorCoordinate.fromLngLat(map.getCenter());
    return createMapView(
      { x: center.x * WORLD, y: center.y * WORLD },
      map.getZoom(),
      clientWidth || 1,
      clientHeight || 1,
    );
  }

  #style() {
    const palette = this.#look.theme === "light" ? lightPalette : darkPalette;
    const base =
      this.#info === undefined
        ? createEmptyStyle(palette)
        : createBaseMapStyle(
            this.#info,
            `${location.origin}/api/tiles/{z}/{x}/{y}.mvt`,
            palette,
            this.#look.language,
            collectFontFaces(document.styleSheets),
          );
    return withDeskLayers(base, this.#data, palette);
  }
}
