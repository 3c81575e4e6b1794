/** First and last zoom that has tiles; a map overzooms the last. */
export const TILE_MIN_ZOOM = 8;
export const TILE_MAX_ZOOM = 15;

/** Labels of a thing, each only where OSM has it. `name` is what is written on the spot, else Chinese, else English. */
export interface Labels {
  readonly name?: string;
  readonly name_en?: string;
  readonly name_zh?: string;
}

/** Properties of the features by layer. The map's style is written against this table. Draw order within a layer is the order in the tile. */
export interface TileLayers {
  /** Polygons (lake, river, basin) and lines (river, canal, stream). */
  water: Labels & { readonly kind: "lake" | "river" | "canal" | "stream" | "basin" };
  /** Polygons. */
  green: Labels & { readonly kind: "park" | "forest" | "grass" | "pitch" | "wetland" | "cemetery" };
  /** Polygons. */
  landuse: Labels & {
    readonly kind:
      | "residential"
      | "commercial"
      | "industrial"
      | "farmland"
      | "school"
      | "hospital"
      | "railway"
      | "military"
      | "construction"
      | "pedestrian";
  };
  /** Polygons, zoom 14 and up. `height` in metres where it is tagged or follows from the storeys. */
  buildings: Labels & { readonly kind: "building"; readonly height?: number };
  /** Lines. A one-way street's line runs the way it may be driven. */
  roads: Labels & {
    readonly kind: "motorway" | "trunk" | "primary" | "secondary" | "tertiary" | "minor" | "service" | "path" | "rail";
    readonly ref?: string;
    /** A ramp or slip road of its kind. */
    readonly link?: true;
    readonly oneway?: true;
    readonly bridge?: true;
    readonly tunnel?: true;
    /** Height among crossing roads: the `layer` tag, −5 to 5, 0 where it is absent. */
    readonly rank: number;
  };
  /** Lines. 4 is a province, 6 a prefecture or county, 8 a town. */
  boundaries: { readonly kind: "administrative"; readonly admin_level: number };
  /** Points; `rank` 1 is the most important of 10. */
  places: Labels & {
    readonly kind: "city" | "town" | "village" | "suburb" | "neighbourhood" | "hamlet";
    readonly rank: number;
    readonly population?: number;
  };
  /** Points. */
  pois: Labels & { readonly kind: "police" | "hospital" | "fire_station" | "school" | "townhall" | "station" };
}

export type TileLayer = keyof TileLayers;

/** Layers in the order of their number in the feature file, which is the order a map draws them. */
export const TILE_LAYERS = [
  "landuse",
  "green",
  "water",
  "buildings",
  "boundaries",
  "roads",
  "places",
  "pois",
] as const satisfies readonly TileLayer[];

/** First zoom of each kind of road: minor roads in low zooms cost most of a tile's bytes and are not legible. */
export const ROAD_MIN_ZOOM: Readonly<Record<TileLayers["roads"]["kind"], number>> = {
  motorway: 8,
  trunk: 8,
  primary: 8,
  secondary: 10,
  tertiary: 11,
  minor: 12,
  service: 14,
  path: 14,
  rail: 10,
};

export const BUILDING_MIN_ZOOM = 14;

export const PLACE_MIN_ZOOM: Readonly<Record<TileLayers["places"]["kind"], number>> = {
  city: 8,
  town: 8,
  suburb: 11,
  village: 11,
  neighbourhood: 13,
  hamlet: 13,
};

export const POI_MIN_ZOOM: Readonly<Record<TileLayers["pois"]["kind"], number>> = {
  police: 11,
  hospital: 12,
  station: 12,
  fire_station: 13,
  townhall: 13,
  school: 14,
};
