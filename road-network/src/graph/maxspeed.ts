import type { Tags } from "../osm/elements.ts";

const KMH_PER_MPH = 1.609344;
const KMH_PER_KNOT = 1.852;
const WALK_KMH = 7;
const UNLIMITED_KMH = 130;

/** Limits that a zone code means, km/h: the code after the colon, by country where it differs. After https://wiki.openstreetmap.org/wiki/Default_speed_limits */
const ZONE_KMH: Readonly<Record<string, number>> = {
  urban: 50,
  rural: 90,
  trunk: 100,
  motorway: 120,
  living_street: 15,
  bicycle_road: 30,
  walk: WALK_KMH,
  "cn:urban": 50,
  "cn:rural": 70,
  "cn:trunk": 80,
  "cn:motorway": 120,
  "de:rural": 100,
  "de:living_street": WALK_KMH,
  "de:motorway": UNLIMITED_KMH,
  "at:rural": 100,
  "at:motorway": 130,
  "ch:rural": 80,
  "li:rural": 80,
  "fr:rural": 80,
  "fr:motorway": 130,
  "gb:nsl_single": 97,
  "gb:nsl_dual": 113,
  "gb:nsl_restricted": 48,
  "gb:motorway": 113,
};

/** The limit in km/h (1–254), or 0 where none is tagged or the text is not understood. */
export function maxspeedKmh(tags: Tags): number {
  return (
    parseMaxspeed(tags.get("maxspeed")) ||
    parseMaxspeed(tags.get("maxspeed:type")) ||
    parseMaxspeed(tags.get("zone:maxspeed")) ||
    parseMaxspeed(tags.get("source:maxspeed")) ||
    parseMaxspeed(tags.get("zone:traffic"))
  );
}

/** Reads `50`, `30 mph`, `walk`, `none`, `CN:urban`, `DE:zone:30`, `DE:30` and lists of them (the lowest counts). */
export function parseMaxspeed(text: string | undefined): number {
  if (text === undefined) return 0;
  const limits = text
    .split(/[;|,]/, 8)
    .map(parseOne)
    .filter((limit) => limit > 0);
  return limits.length === 0 ? 0 : Math.min(...limits);
}

function parseOne(part: string): number {
  const text = part.trim().toLowerCase();
  if (text === "none" || text === "unlimited") return UNLIMITED_KMH;
  const number = /^(\d{1,3}(?:\.\d{1,3})?)\s*(km\/h|kmh|kph|mph|knots)?$/.exec(text);
  if (number)
    return clamp(Number(number[1]) * (number[2] === "mph" ? KMH_PER_MPH : number[2] === "knots" ? KMH_PER_KNOT : 1));
  const zone = /^(?:[a-z]{2}(?:-[a-z]{1,3})?:)?(?:zone:?)?(\d{1,3})$/.exec(text);
  if (zone) return clamp(Number(zone[1]));
  return ZONE_KMH[text] ?? ZONE_KMH[text.replace(/^[a-z]{2}(?:-[a-z]{1,3})?:/, "")] ?? 0;
}

function clamp(kmh: number): number {
  return kmh < 1 ? 0 : Math.min(254, Math.round(kmh));
}
