import type { FeatureCollection } from "geojson";
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import { BELOW_LABELS } from "./base-map-style.ts";
import type { BaseMapPalette } from "./palette.ts";

/** The still things a desk draws on the map. */
export type DeskSource = "rings" | "routes" | "track" | "track-points" | "place";
export type DeskData = Record<DeskSource, FeatureCollection>;

export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** The style with the desk's still things: areas, routes and track below the labels, the place above all. */
export function withDeskLayers(style: StyleSpecification, data: DeskData, palette: BaseMapPalette): StyleSpecification {
  const sources: Record<DeskSource, SourceSpecification> = {
    rings: { type: "geojson", data: data.rings },
    routes: { type: "geojson", data: data.routes },
    track: { type: "geojson", data: data.track, lineMetrics: true },
    "track-points": { type: "geojson", data: data["track-points"] },
    place: { type: "geojson", data: data.place },
  };
  const index = style.layers.findIndex((layer) => layer.id === BELOW_LABELS);
  const at = index < 0 ? style.layers.length : index;
  return {
    ...style,
    sources: { ...style.sources, ...sources },
    layers: [
      ...style.layers.slice(0, at),
      ...ringLayers(palette),
      ...routeLayers(palette),
      ...trackLayers(palette),
      ...style.layers.slice(at),
      ...placeLayers(palette),
    ],
  };
}

function ringLayers(palette: BaseMapPalette): LayerSpecification[] {
  const colour = ["match", ["get", "ring"], 0, palette.rings[0], 1, palette.rings[1], palette.rings[2]] as const;
  return [
    {
      id: "rings-fill",
      type: "fill",
      source: "rings",
      paint: { "fill-color": [...colour] as never, "fill-opacity": 0.1 },
    },
    {
      id: "rings-line",
      type: "line",
      source: "rings",
      layout: { "line-join": "round" },
      paint: {
        "line-color": [...colour] as never,
        "line-width": ["match", ["get", "ring"], 2, 2, 1.3],
        "line-opacity": ["match", ["get", "ring"], 2, 0.9, 0.6],
      },
    },
  ];
}

/** The ways of the first units: the first one on top, wider and brighter. */
function routeLayers(palette: BaseMapPalette): LayerSpecification[] {
  const layout = { "line-cap": "round", "line-join": "round", "line-sort-key": ["-", 0, ["get", "rank"]] } as const;
  return [
    {
      id: "routes-casing",
      type: "line",
      source: "routes",
      layout: { ...layout } as never,
      paint: { "line-color": palette.halo, "line-width": ["match", ["get", "rank"], 0, 7, 5], "line-opacity": 0.7 },
    },
    {
      id: "routes-line",
      type: "line",
      source: "routes",
      layout: { ...layout } as never,
      paint: {
        "line-color": palette.accent,
        "line-width": ["match", ["get", "rank"], 0, 4, 2.2],
        "line-opacity": ["match", ["get", "rank"], 0, 0.95, 1, 0.7, 0.5],
      },
    },
  ];
}

function trackLayers(palette: BaseMapPalette): LayerSpecification[] {
  return [
    {
      id: "track-line",
      type: "line",
      source: "track",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1.6, 16, 3.4],
        "line-gradient": [
          "interpolate",
          ["linear"],
          ["line-progress"],
          0,
          `${palette.track}22`,
          1,
          `${palette.track}e6`,
        ],
      },
    },
    {
      id: "track-points",
      type: "circle",
      source: "track-points",
      minzoom: 15,
      paint: {
        "circle-radius": 2.2,
        "circle-color": palette.ground,
        "circle-stroke-color": palette.track,
        "circle-stroke-width": 1.2,
        "circle-opacity": 0.9,
      },
    },
  ];
}

function placeLayers(palette: BaseMapPalette): LayerSpecification[] {
  return [
    {
      id: "place-halo",
      type: "circle",
      source: "place",
      paint: {
        "circle-radius": 11,
        "circle-color": palette.accent,
        "circle-opacity": 0.18,
        "circle-stroke-color": palette.accent,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "place-dot",
      type: "circle",
      source: "place",
      paint: {
        "circle-radius": 3.5,
        "circle-color": palette.accent,
        "circle-stroke-color": palette.halo,
        "circle-stroke-width": 1.5,
      },
    },
  ];
}
