import type { Tags } from "../osm/elements.ts";

/** Classes of the roads that are kept, in the order of their number in the graph. Ferries are not roads. */
export const ROAD_CLASSES = [
  "motorway",
  "motorway_link",
  "trunk",
  "trunk_link",
  "primary",
  "primary_link",
  "secondary",
  "secondary_link",
  "tertiary",
  "tertiary_link",
  "unclassified",
  "residential",
  "living_street",
  "service",
  "pedestrian",
  "track",
  "cycleway",
  "footway",
  "path",
  "steps",
] as const;

export type RoadClass = (typeof ROAD_CLASSES)[number];

const CLASS_NUMBERS: ReadonlyMap<string, number> = new Map(ROAD_CLASSES.map((name, i) => [name, i]));

/** Values of `highway` that mean one of our classes. */
const ALIASES: ReadonlyMap<string, RoadClass> = new Map([
  ["road", "unclassified"],
  ["minor", "unclassified"],
  ["busway", "service"],
  ["bus_guideway", "service"],
  ["bridleway", "path"],
  ["corridor", "footway"],
]);

/** The number of a way's class in {@link ROAD_CLASSES}, or undefined where the way is no road or a square. */
export function findRoadClass(tags: Tags): number | undefined {
  // A square is crossed, not driven along its outline.
  return tags.get("area") === "yes" ? undefined : findHighwayClass(tags);
}

/** The same for lines and squares. */
export function findHighwayClass(tags: Tags): number | undefined {
  const highway = tags.get("highway");
  if (highway === undefined) return undefined;
  return CLASS_NUMBERS.get(ALIASES.get(highway) ?? highway);
}

/** Free-flow speed of a car where no limit is tagged, km/h, after the defaults of Valhalla and OSRM for built-up areas. */
export const CLASS_SPEED_KMH: readonly number[] = [
  105, 60, 80, 45, 55, 40, 50, 35, 40, 30, 35, 30, 12, 15, 8, 15, 8, 5, 5, 3,
];

const LAST_MOTOR_CLASS = ROAD_CLASSES.indexOf("service");
const PEDESTRIAN = ROAD_CLASSES.indexOf("pedestrian");
const TRACK = ROAD_CLASSES.indexOf("track");
const MOTORWAYS: ReadonlySet<number> = new Set([
  ROAD_CLASSES.indexOf("motorway"),
  ROAD_CLASSES.indexOf("motorway_link"),
]);

export function isMotorway(roadClass: number): boolean {
  return MOTORWAYS.has(roadClass);
}

/** Whether the class is built for motor traffic: motorway to service. */
export function isStreet(roadClass: number): boolean {
  return roadClass <= LAST_MOTOR_CLASS;
}

/** Whether the road is wide enough for a car, whatever the signs say. */
export function isDrivable(roadClass: number): boolean {
  return roadClass <= LAST_MOTOR_CLASS || roadClass === PEDESTRIAN || roadClass === TRACK;
}

/** Whether ordinary motor traffic may use the class where no sign says otherwise. */
export function isMotorRoad(roadClass: number): boolean {
  return roadClass <= LAST_MOTOR_CLASS || roadClass === TRACK;
}
