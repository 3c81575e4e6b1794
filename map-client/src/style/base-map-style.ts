import type { MapInfo } from "@wufen/contract";
import type {
  ExpressionSpecification,
  FontFacesSpecification,
  LayerSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { BaseMapPalette } from "./palette.ts";

/** Still things of the desk are drawn below this layer: above the roads, below every label. */
export const BELOW_LABELS = "road-labels";

export const FONT_STACK = ["Wufen"];

type RoadKind = keyof BaseMapPalette["road"];

/** Width of each kind of road in pixels at zoom 10, 13, 16 and 19. */
const ROAD_WIDTHS: Record<RoadKind, readonly [number, number, number, number]> = {
  motorway: [1.6, 4, 11, 34],
  trunk: [1.4, 3.6, 11, 34],
  primary: [1.1, 3.2, 10, 32],
  secondary: [0.7, 2.5, 8.5, 28],
  tertiary: [0.5, 1.8, 7, 24],
  minor: [0.3, 1.1, 5, 18],
  service: [0.2, 0.6, 3, 11],
  path: [0.2, 0.6, 1.6, 4],
  rail: [0.5, 0.9, 1.6, 3],
};
const DRAWN_ORDER: readonly RoadKind[] = ["service", "minor", "tertiary", "secondary", "primary", "trunk", "motorway"];

/**
 * The base map's style over our own tiles (layers as in road-network's table of tile layers), in one language. No glyph server and
 * no sprite: letters come from the page's own font files.
 */
export function createBaseMapStyle(
  info: MapInfo,
  tilesUrl: string,
  palette: BaseMapPalette,
  language: "zh" | "en",
  fontFaces: FontFacesSpecification,
): StyleSpecification {
  return {
    version: 8,
    "font-faces": fontFaces,
    transition: { duration: 0, delay: 0 },
    sources: {
      base: {
        type: "vector",
        tiles: [tilesUrl],
        minzoom: info.minZoom,
        maxzoom: info.maxZoom,
        bounds: info.bounds,
        attribution: info.attribution,
      },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": palette.ground } },
      ...areas(palette),
      ...roads(palette),
      ...labels(palette, language),
    ],
  };
}

/** What the map shows where no tiles are: ground alone. */
export function createEmptyStyle(palette: BaseMapPalette): StyleSpecification {
  return {
    version: 8,
    sources: {},
    layers: [{ id: "ground", type: "background", paint: { "background-color": palette.ground } }],
  };
}

const WORKS = ["industrial", "railway", "construction", "military"];
const CAMPUS = ["school", "hospital", "commercial", "pedestrian"];
const IS_POLYGON: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];

function areas(palette: BaseMapPalette): LayerSpecification[] {
  const fill = (id: string, layer: string, colour: string, also?: ExpressionSpecification): LayerSpecification => ({
    id,
    type: "fill",
    source: "base",
    "source-layer": layer,
    filter: also === undefined ? IS_POLYGON : ["all", IS_POLYGON, also],
    paint: { "fill-color": colour },
  });
  return [
    // A layer for each colour: one whose colour depends on the data keeps its old one until every tile was made anew.
    fill("built", "landuse", palette.built, [
      "!",
      ["match", ["get", "kind"], [...WORKS, ...CAMPUS, "farmland"], true, false],
    ]),
    fill("works", "landuse", palette.works, ["match", ["get", "kind"], WORKS, true, false]),
    fill("campus", "landuse", palette.campus, ["match", ["get", "kind"], CAMPUS, true, false]),
    fill("green", "green", palette.green),
    fill("water", "water", palette.water),
    {
      id: "waterways",
      type: "line",
      source: "base",
      "source-layer": "water",
      filter: ["==", ["geometry-type"], "LineString"],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": palette.water,
        "line-width": [
          "interpolate",
          ["exponential", 1.5],
          ["zoom"],
          9,
          ["match", ["get", "kind"], "river", 1.2, 0.4],
          14,
          ["match", ["get", "kind"], "river", 5, "canal", 3, 1.4],
          18,
          ["match", ["get", "kind"], "river", 24, "canal", 14, 5],
        ],
      },
    },
    {
      id: "buildings",
      type: "fill",
      source: "base",
      "source-layer": "buildings",
      minzoom: 14,
      paint: {
        "fill-color": palette.building,
        "fill-outline-color": palette.buildingEdge,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0, 15, 1],
      },
    },
    {
      id: "boundaries",
      type: "line",
      source: "base",
      "source-layer": "boundaries",
      paint: {
        "line-color": palette.boundary,
        "line-width": ["match", ["get", "admin_level"], 4, 1.6, 6, 1.1, 0.7],
        "line-dasharray": [4, 3],
      },
    },
  ];
}

function roads(palette: BaseMapPalette): LayerSpecification[] {
  const layers: LayerSpecification[] = [
    {
      id: "paths",
      type: "line",
      source: "base",
      "source-layer": "roads",
      minzoom: 14,
      filter: ["==", ["get", "kind"], "path"],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": palette.road.path, "line-width": width("path"), "line-dasharray": [3, 1.5] },
    },
    {
      id: "rails",
      type: "line",
      source: "base",
      "source-layer": "roads",
      filter: ["==", ["get", "kind"], "rail"],
      paint: { "line-color": palette.road.rail, "line-width": width("rail") },
    },
  ];
  for (const kind of DRAWN_ORDER) layers.push(roadLayer(palette, kind, "casing"));
  for (const kind of DRAWN_ORDER) layers.push(roadLayer(palette, kind, "fill"));
  return layers;
}

function roadLayer(palette: BaseMapPalette, kind: RoadKind, part: "casing" | "fill"): LayerSpecification {
  return {
    id: `road-${kind}-${part}`,
    type: "line",
    source: "base",
    "source-layer": "roads",
    minzoom: kind === "service" ? 14 : 0,
    filter: ["==", ["get", "kind"], kind],
    layout: { "line-cap": part === "fill" ? "round" : "butt", "line-join": "round" },
    paint: {
      "line-color": part === "fill" ? palette.road[kind] : palette.casing,
      "line-width": width(kind, part === "casing" ? 1.6 : 0),
      "line-opacity": ["case", ["==", ["get", "tunnel"], true], 0.45, 1],
    },
  };
}

function width(kind: RoadKind, more = 0): ExpressionSpecification {
  const [low, middle, high, highest] = ROAD_WIDTHS[kind];
  const at = (pixels: number): ExpressionSpecification => [
    "case",
    ["==", ["get", "link"], true],
    pixels * 0.6 + more,
    pixels + more,
  ];
  return ["interpolate", ["exponential", 1.6], ["zoom"], 10, at(low), 13, at(middle), 16, at(high), 19, at(highest)];
}

/** Kiosks and schools: many, so drawn only near. The tiles say `police` of a kiosk too; its name tells it from a station. */
const IS_MINOR_POI: ExpressionSpecification = [
  "any",
  ["==", ["get", "kind"], "school"],
  ...["警务站", "警务室", "岗亭", "警亭"].map(
    (word): ExpressionSpecification => ["in", word, ["coalesce", ["get", "name"], ""]],
  ),
];

function labels(palette: BaseMapPalette, language: "zh" | "en"): LayerSpecification[] {
  const name: ExpressionSpecification =
    language === "zh"
      ? ["coalesce", ["get", "name_zh"], ["get", "name"], ["get", "name_en"]]
      : ["coalesce", ["get", "name_en"], ["get", "name"], ["get", "name_zh"]];
  const sign: ExpressionSpecification = ["match", ["get", "kind"], "police", "◆", "hospital", "✚", "•"];
  const poiLayer = (id: string, minzoom: number, filter: ExpressionSpecification): LayerSpecification => ({
    id,
    type: "symbol",
    source: "base",
    "source-layer": "pois",
    minzoom,
    filter,
    layout: {
      // Far out only the signs: names would lie below the units' callsigns.
      "text-field": ["step", ["zoom"], sign, 14, ["concat", sign, " ", name]],
      "text-font": FONT_STACK,
      "text-size": 11,
      "text-max-width": 9,
      "symbol-sort-key": ["match", ["get", "kind"], "police", 1, "hospital", 2, "fire_station", 3, 4],
    },
    paint: { "text-color": palette.poi, ...halo },
  });
  const halo = { "text-halo-color": palette.halo, "text-halo-width": 1.4 } as const;
  return [
    {
      id: "oneway",
      type: "symbol",
      source: "base",
      "source-layer": "roads",
      minzoom: 16,
      filter: ["==", ["get", "oneway"], true],
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 140,
        "text-field": "→",
        "text-font": FONT_STACK,
        "text-size": 12,
        "text-keep-upright": false,
        "text-rotation-alignment": "map",
      },
      paint: { "text-color": palette.label, "text-opacity": 0.65 },
    },
    {
      id: BELOW_LABELS,
      type: "symbol",
      source: "base",
      "source-layer": "roads",
      minzoom: 12,
      filter: ["match", ["get", "kind"], ["path", "rail"], false, true],
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-field": name,
        "text-font": FONT_STACK,
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10.5, 17, 13],
        "text-padding": 6,
        "text-max-angle": 32,
        "text-letter-spacing": language === "zh" ? 0.08 : 0.02,
        "symbol-sort-key": [
          "match",
          ["get", "kind"],
          "motorway",
          1,
          "trunk",
          2,
          "primary",
          3,
          "secondary",
          4,
          "tertiary",
          5,
          6,
        ],
      },
      paint: { "text-color": palette.label, ...halo },
    },
    {
      id: "water-labels",
      type: "symbol",
      source: "base",
      "source-layer": "water",
      minzoom: 11,
      filter: ["has", "name"],
      layout: {
        "symbol-placement": ["step", ["zoom"], "point", 24, "point"],
        "text-field": name,
        "text-font": FONT_STACK,
        "text-size": 12,
        "text-letter-spacing": 0.12,
      },
      paint: { "text-color": palette.waterLabel, ...halo },
    },
    poiLayer("kiosk-labels", 14.5, IS_MINOR_POI),
    poiLayer("poi-labels", 13, ["!", IS_MINOR_POI]),
    {
      id: "place-labels",
      type: "symbol",
      source: "base",
      "source-layer": "places",
      layout: {
        "text-field": name,
        "text-font": FONT_STACK,
        "text-size": [
          "interpolate",
          ["linear"],
          ["zoom"],
          9,
          ["match", ["get", "kind"], "city", 14, "town", 12.5, 11],
          15,
          ["match", ["get", "kind"], "city", 18, "town", 16, "suburb", 14.5, 12.5],
        ],
        "text-letter-spacing": 0.08,
        "text-max-width": 8,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: { "text-color": palette.placeLabel, "text-halo-color": palette.halo, "text-halo-width": 1.8 },
    },
  ];
}
