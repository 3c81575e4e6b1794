import { directionOf } from "../graph/access.ts";
import { findRoadClass, ROAD_CLASSES } from "../graph/road-class.ts";
import type { Tags } from "../osm/elements.ts";
import {
  BUILDING_MIN_ZOOM,
  type Labels,
  PLACE_MIN_ZOOM,
  POI_MIN_ZOOM,
  ROAD_MIN_ZOOM,
  type TileLayer,
  type TileLayers,
} from "./layers.ts";

/** What a thing is on the map. */
export type Drawn = {
  [Layer in TileLayer]: {
    readonly layer: Layer;
    readonly properties: TileLayers[Layer];
    /** First zoom, for areas the least: small ones appear later. */
    readonly minZoom: number;
    /** Among its layer: lower is drawn first. */
    readonly order: number;
    /** The line runs against its way. */
    readonly reversed?: true;
  };
}[TileLayer];

const ROAD_KINDS: Readonly<Record<string, TileLayers["roads"]["kind"]>> = {
  motorway: "motorway",
  trunk: "trunk",
  primary: "primary",
  secondary: "secondary",
  tertiary: "tertiary",
  unclassified: "minor",
  residential: "minor",
  living_street: "minor",
  service: "service",
  pedestrian: "path",
  track: "path",
  cycleway: "path",
  footway: "path",
  path: "path",
  steps: "path",
};

const ROAD_ORDER: readonly TileLayers["roads"]["kind"][] = [
  "path",
  "service",
  "rail",
  "minor",
  "tertiary",
  "secondary",
  "primary",
  "trunk",
  "motorway",
];

const RAILWAYS: ReadonlySet<string> = new Set(["rail", "light_rail", "subway", "tram", "monorail", "narrow_gauge"]);

/** A way as a line: road, railway, river. */
export function findLine(tags: Tags): Drawn | undefined {
  const roadClass = findRoadClass(tags);
  if (roadClass !== undefined) return roadLine(tags, roadClass);
  if (RAILWAYS.has(tags.get("railway") ?? "")) {
    const yard = tags.has("service") && tags.get("service") !== "no";
    return {
      layer: "roads",
      properties: { kind: "rail", ...labelsOf(tags), ...structureOf(tags), rank: rankOf(tags) },
      minZoom: yard ? 13 : ROAD_MIN_ZOOM.rail,
      order: rankOf(tags) * 100 + ROAD_ORDER.indexOf("rail"),
    };
  }
  const waterway = tags.get("waterway");
  if (waterway === "river" || waterway === "canal" || waterway === "stream") {
    if (isYes(tags.get("tunnel"))) return undefined;
    return {
      layer: "water",
      properties: { kind: waterway, ...labelsOf(tags) },
      minZoom: waterway === "river" ? 8 : waterway === "canal" ? 11 : 13,
      order: 0,
    };
  }
  return undefined;
}

function roadLine(tags: Tags, roadClass: number): Drawn {
  const name = ROAD_CLASSES[roadClass] as string;
  const link = name.endsWith("_link");
  const kind = ROAD_KINDS[link ? name.slice(0, -5) : name] ?? "minor";
  const direction = directionOf(tags, roadClass);
  const ref = tags.get("ref");
  return {
    layer: "roads",
    properties: {
      kind,
      ...labelsOf(tags),
      ...(ref === undefined ? {} : { ref: ref.slice(0, 40) }),
      ...(link ? { link: true } : {}),
      ...(direction === 0 || kind === "path" ? {} : { oneway: true }),
      ...structureOf(tags),
      rank: rankOf(tags),
    },
    minZoom: link ? Math.max(11, ROAD_MIN_ZOOM[kind]) : ROAD_MIN_ZOOM[kind],
    order: rankOf(tags) * 100 + ROAD_ORDER.indexOf(kind) * 2 + (link ? 0 : 1),
    ...(direction < 0 ? { reversed: true } : {}),
  };
}

const GREEN: Readonly<Record<string, TileLayers["green"]["kind"]>> = {
  "leisure=park": "park",
  "leisure=garden": "park",
  "leisure=playground": "park",
  "leisure=nature_reserve": "forest",
  "leisure=golf_course": "grass",
  "leisure=common": "grass",
  "leisure=pitch": "pitch",
  "leisure=stadium": "pitch",
  "leisure=track": "pitch",
  "leisure=sports_centre": "pitch",
  "landuse=forest": "forest",
  "landuse=grass": "grass",
  "landuse=meadow": "grass",
  "landuse=recreation_ground": "park",
  "landuse=village_green": "park",
  "landuse=allotments": "grass",
  "landuse=orchard": "grass",
  "landuse=vineyard": "grass",
  "landuse=cemetery": "cemetery",
  "amenity=grave_yard": "cemetery",
  "natural=wood": "forest",
  "natural=scrub": "forest",
  "natural=grassland": "grass",
  "natural=heath": "grass",
  "natural=wetland": "wetland",
};

const LANDUSE: Readonly<Record<string, TileLayers["landuse"]["kind"]>> = {
  "landuse=residential": "residential",
  "landuse=commercial": "commercial",
  "landuse=retail": "commercial",
  "landuse=industrial": "industrial",
  "landuse=quarry": "industrial",
  "landuse=farmland": "farmland",
  "landuse=farmyard": "farmland",
  "landuse=railway": "railway",
  "landuse=military": "military",
  "landuse=construction": "construction",
  "landuse=brownfield": "construction",
  "amenity=school": "school",
  "amenity=university": "school",
  "amenity=college": "school",
  "amenity=kindergarten": "school",
  "amenity=hospital": "hospital",
  "highway=pedestrian": "pedestrian",
  "highway=footway": "pedestrian",
  "highway=service": "pedestrian",
};

const WATER: Readonly<Record<string, TileLayers["water"]["kind"]>> = {
  "natural=water": "lake",
  "waterway=riverbank": "river",
  "waterway=dock": "basin",
  "landuse=reservoir": "lake",
  "landuse=basin": "basin",
};

const WATER_KINDS: Readonly<Record<string, TileLayers["water"]["kind"]>> = {
  river: "river",
  canal: "canal",
  stream: "stream",
  basin: "basin",
};

/** A closed way or a multipolygon as an area. */
export function findArea(tags: Tags): Drawn | undefined {
  const labels = labelsOf(tags);
  const building = tags.get("building");
  if (building !== undefined && building !== "no") {
    return {
      layer: "buildings",
      properties: { kind: "building", ...labels, ...heightOf(tags) },
      minZoom: BUILDING_MIN_ZOOM,
      order: 0,
    };
  }
  const water = lookUp(tags, WATER);
  if (water) {
    const kind = WATER_KINDS[tags.get("water") ?? ""] ?? water;
    return { layer: "water", properties: { kind, ...labels }, minZoom: 8, order: 1 };
  }
  const green = lookUp(tags, GREEN);
  if (green)
    return { layer: "green", properties: { kind: green, ...labels }, minZoom: 8, order: green === "forest" ? 0 : 1 };
  const landuse = lookUp(tags, LANDUSE);
  if (!landuse) return undefined;
  // A footway is an area only where it says so; its closed line is a path around a block.
  if (landuse === "pedestrian" && tags.get("area") !== "yes") return undefined;
  return {
    layer: "landuse",
    properties: { kind: landuse, ...labels },
    minZoom: landuse === "pedestrian" ? 13 : 8,
    order: landuse === "residential" ? 0 : 1,
  };
}

const PLACES: Readonly<Record<string, TileLayers["places"]["kind"]>> = {
  city: "city",
  town: "town",
  borough: "suburb",
  suburb: "suburb",
  quarter: "neighbourhood",
  neighbourhood: "neighbourhood",
  village: "village",
  hamlet: "hamlet",
  isolated_dwelling: "hamlet",
};

const PLACE_RANKS: Readonly<Record<TileLayers["places"]["kind"], number>> = {
  city: 3,
  town: 5,
  suburb: 6,
  village: 7,
  neighbourhood: 8,
  hamlet: 9,
};

const POIS: Readonly<Record<string, TileLayers["pois"]["kind"]>> = {
  "amenity=police": "police",
  "amenity=hospital": "hospital",
  "amenity=fire_station": "fire_station",
  "amenity=school": "school",
  "amenity=university": "school",
  "amenity=townhall": "townhall",
  "railway=station": "station",
};

/** A node, or the middle of an area, as a labelled point. */
export function findPoint(tags: Tags): Drawn | undefined {
  const labels = labelsOf(tags);
  const place = PLACES[tags.get("place") ?? ""];
  if (place && labels.name !== undefined) {
    const population = Math.round(Number(tags.get("population") ?? Number.NaN));
    const known = population > 0 && population < 1e9;
    const size = known ? (population > 1e6 ? -2 : population > 2e5 ? -1 : population < 2e3 ? 1 : 0) : 0;
    const rank = Math.min(10, PLACE_RANKS[place] + size);
    return {
      layer: "places",
      properties: { kind: place, ...labels, rank, ...(known ? { population } : {}) },
      minZoom: PLACE_MIN_ZOOM[place],
      order: rank,
    };
  }
  return findPoi(tags);
}

export function findPoi(tags: Tags): Drawn | undefined {
  const kind = lookUp(tags, POIS);
  if (!kind) return undefined;
  return {
    layer: "pois",
    properties: { kind, ...labelsOf(tags) },
    minZoom: POI_MIN_ZOOM[kind],
    order: POI_MIN_ZOOM[kind],
  };
}

const LOOKED_AT = ["natural", "waterway", "leisure", "landuse", "amenity", "highway", "railway"];

function lookUp<Kind>(tags: Tags, table: Readonly<Record<string, Kind>>): Kind | undefined {
  for (const key of LOOKED_AT) {
    const value = tags.get(key);
    if (value === undefined) continue;
    const entry = `${key}=${value}`;
    if (Object.hasOwn(table, entry)) return table[entry];
  }
  return undefined;
}

function labelsOf(tags: Tags): Labels {
  const en = tags.get("name:en");
  const zh = tags.get("name:zh");
  const name = tags.get("name") ?? zh ?? en;
  return {
    ...(name === undefined ? {} : { name: name.slice(0, 120) }),
    ...(en === undefined ? {} : { name_en: en.slice(0, 120) }),
    ...(zh === undefined ? {} : { name_zh: zh.slice(0, 120) }),
  };
}

function structureOf(tags: Tags): { bridge?: true; tunnel?: true } {
  return {
    ...(isYes(tags.get("bridge")) ? { bridge: true as const } : {}),
    ...(isYes(tags.get("tunnel")) || isYes(tags.get("covered")) ? { tunnel: true as const } : {}),
  };
}

function rankOf(tags: Tags): number {
  const layer = Math.round(Number(tags.get("layer") ?? 0));
  return layer >= -5 && layer <= 5 ? layer : 0;
}

const STOREY_M = 3;

function heightOf(tags: Tags): { height?: number } {
  const height =
    Number.parseFloat(tags.get("height") ?? "") || Number.parseFloat(tags.get("building:levels") ?? "") * STOREY_M;
  return height > 0 && height < 1000 ? { height: Math.round(height) } : {};
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && value !== "no";
}
