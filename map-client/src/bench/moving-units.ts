import type { FeatureCollection, Point } from "geojson";
import { type GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { FromFeedWorker } from "../engine/feed/desk-messages.ts";
import { type FeedWorkerPort, LiveUnits } from "../engine/live-units.ts";
import { mulberry32 } from "../engine/testing/random.ts";
import { CommandMap } from "../map/command-map.ts";
import { createEmptyStyle } from "../style/base-map-style.ts";
import { darkPalette } from "../style/palette.ts";

/** What the benchmark asks of this page. */
export interface MovingUnitsBench {
  /** Shows `count` units, ours or the rival's way; resolves when the map has loaded and they are there. */
  open(way: "own" | "rival", count: number): Promise<void>;
  /** Keeps the redraw loop running as while units glide, or draws every move once; the rival never glides. */
  glide(on: boolean): void;
  /** Chooses labels with every move, or never. */
  label(on: boolean): void;
  /** Mean time of one choice of labels since this was last asked, ms. */
  labelMs(): number;
  /** Drawings of the units so far; 0 for the rival. */
  frames(): number;
  /** Moves every unit once a second, so many times. */
  move(times: number): Promise<void>;
}

declare global {
  interface Window {
    movingUnits?: MovingUnitsBench;
  }
}

// What a graphics card would do is not the question: without one, drawing is done by the processor and hides all else.
for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"] as const) {
  WebGL2RenderingContext.prototype[name] = () => undefined;
}

const VIEW = { center: [104.06, 30.64] as [number, number], zoom: 13 };
const container = document.getElementById("map");
if (container === null) throw new Error("bench.html has no element #map");
let moveAll: () => void = () => undefined;
const choices: number[] = [];
let label: (on: boolean) => void = () => undefined;
let glide: (on: boolean) => void = () => undefined;
let frames = () => 0;

async function openOwn(count: number): Promise<void> {
  let gliding = true;
  let labelling = true;
  const worker = new Worker(new URL("./random-walk-worker.ts", import.meta.url), { type: "module" });
  const port: FeedWorkerPort = { postMessage: () => undefined, onmessage: null, terminate: () => worker.terminate() };
  worker.onmessage = (event: MessageEvent<FromFeedWorker>) => port.onmessage?.({ data: event.data });
  const live = new LiveUnits(port, () => Date.now());
  const map = await new Promise<CommandMap>((resolve) => {
    const nothing = () => undefined;
    const look = { theme: "dark", language: "en" } as const;
    const events = { clicked: nothing, hovered: nothing, moved: nothing, takenOver: nothing, drawingLost: nothing };
    const map = new CommandMap(container as HTMLElement, undefined, live, look, VIEW, (_, callsign) => callsign, {
      ...events,
      loaded: () => worker.postMessage({ start: count }),
    });
    live.listen({
      linkChanged: nothing,
      healthChanged: nothing,
      lagging: nothing,
      unitsChanged: () => {
        if (!gliding) live.store.movingUntilMs = 0;
        if (labelling) {
          const beganAtMs = performance.now();
          map.labels.choose();
          choices.push(performance.now() - beganAtMs);
        }
        map.wake();
        if (live.framesApplied === 1) resolve(map);
      },
    });
  });
  moveAll = () => worker.postMessage({ move: true });
  frames = () => map.scene.frames;
  map.labels.stopClock();
  label = (on) => {
    labelling = on;
  };
  glide = (on) => {
    gliding = on;
    live.store.movingUntilMs = on ? Number.POSITIVE_INFINITY : 0;
    map.wake();
  };
}

async function openRival(count: number): Promise<void> {
  const chance = mulberry32(5);
  const data: FeatureCollection<Point> = {
    type: "FeatureCollection",
    features: Array.from({ length: count }, (_, i) => ({
      type: "Feature",
      id: i + 1,
      properties: { callsign: `P${i + 1}`, status: i % 6 },
      geometry: { type: "Point", coordinates: [104.0 + chance() * 0.12, 30.6 + chance() * 0.08] },
    })),
  };
  const map = new MapLibreMap({ container: container as HTMLElement, style: createEmptyStyle(darkPalette), ...VIEW });
  await map.once("load");
  map.addSource("units", { type: "geojson", data });
  map.addLayer({
    id: "units",
    type: "circle",
    source: "units",
    paint: { "circle-radius": 6, "circle-color": "#56b4e9" },
  });
  await map.once("idle");
  moveAll = () => {
    for (const { geometry } of data.features) {
      geometry.coordinates[0]! += (chance() - 0.5) * 2e-4;
      geometry.coordinates[1]! += (chance() - 0.5) * 2e-4;
    }
    void (map.getSource("units") as GeoJSONSource).setData(data);
  };
}

window.movingUnits = {
  glide: (on) => glide(on),
  label: (on) => label(on),
  labelMs: () => {
    const { length } = choices;
    return length === 0 ? 0 : choices.splice(0).reduce((sum, ms) => sum + ms, 0) / length;
  },
  frames: () => frames(),
  open: (way, count) => (way === "own" ? openOwn(count) : openRival(count)),
  move: (times) =>
    new Promise((resolve) => {
      let left = times;
      const timer = setInterval(() => {
        if (left-- > 0) moveAll();
        else {
          clearInterval(timer);
          resolve();
        }
      }, 1000);
    }),
};
