/** Tags of one OSM element; only keys listed in {@link KEPT_KEYS} are kept. */
export type Tags = ReadonlyMap<string, string>;

export const NO_TAGS: Tags = new Map();

export type MemberType = "node" | "way" | "relation";

export interface Member {
  readonly type: MemberType;
  readonly ref: number;
  readonly role: string;
}

/** Receives the elements of an extract in file order. Coordinates are integers of 1e-7 degrees, as OSM stores them. */
export interface ElementHandler {
  node(id: number, lng7: number, lat7: number, tags: Tags): void;
  way(id: number, nodeIds: readonly number[], tags: Tags): void;
  relation(id: number, members: readonly Member[], tags: Tags): void;
  /** The copyright the file itself names, where it does. */
  copyright(text: string): void;
}

/** Everything the graph and the tiles look at. Other keys are dropped while reading: they are most of an extract's bytes. */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  "access",
  "admin_level",
  "amenity",
  "area",
  "barrier",
  "boundary",
  "bridge",
  "building",
  "building:levels",
  "covered",
  "except",
  "foot",
  "height",
  "highway",
  "junction",
  "landuse",
  "lanes",
  "layer",
  "leisure",
  "lit",
  "locked",
  "man_made",
  "maxspeed",
  "maxspeed:type",
  "motor_vehicle",
  "motorcar",
  "motorcycle",
  "name",
  "name:en",
  "name:zh",
  "natural",
  "oneway",
  "oneway:foot",
  "place",
  "population",
  "railway",
  "ref",
  "restriction",
  "restriction:conditional",
  "restriction:motorcar",
  "restriction:motorcycle",
  "route",
  "service",
  "source:maxspeed",
  "surface",
  "traffic_signals",
  "traffic_signals:direction",
  "tunnel",
  "type",
  "vehicle",
  "water",
  "waterway",
  "zone:maxspeed",
  "zone:traffic",
]);

export function isKeptKey(key: string): boolean {
  return KEPT_KEYS.has(key);
}
