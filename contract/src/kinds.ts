import { type Static, Type } from "typebox";

/** What sends pings. An ankle monitor exists only under an order in force [O1]; until orders exist the broker refuses it. */
export const DeviceKind = Type.Union([
  Type.Literal("handset"),
  Type.Literal("vehicle-terminal"),
  Type.Literal("ankle-monitor"),
]);
export type DeviceKind = Static<typeof DeviceKind>;

/** What a dispatcher sends. */
export const UnitKind = Type.Union([
  Type.Literal("foot"),
  Type.Literal("motorcycle"),
  Type.Literal("car"),
  Type.Literal("boat"),
]);
export type UnitKind = Static<typeof UnitKind>;

/**
 * A unit's status. `off-duty` is not collected: the broker drops what an off-duty unit's device sends.
 * The order is the wire's: the feed carries the index.
 */
export const UNIT_STATUSES = ["available", "en-route", "on-scene", "busy", "off-duty", "emergency"] as const;
export const UnitStatus = Type.Enum([...UNIT_STATUSES]);
export type UnitStatus = (typeof UNIT_STATUSES)[number];

/** Datum of the positions a device sends; GCJ-02 is converted to WGS-84 at ingest. */
export const PositionDatum = Type.Union([Type.Literal("wgs84"), Type.Literal("gcj02")]);
export type PositionDatum = Static<typeof PositionDatum>;

/** Role of a signed-in person. */
export const PersonRole = Type.Union([Type.Literal("administrator"), Type.Literal("dispatcher")]);
export type PersonRole = Static<typeof PersonRole>;

/** [longitude, latitude] in degrees, WGS-84. */
export const Position = Type.Tuple(
  [Type.Number({ minimum: -180, maximum: 180 }), Type.Number({ minimum: -90, maximum: 90 })],
  {
    description: "[longitude, latitude] in degrees, WGS-84",
  },
);
export type Position = [lng: number, lat: number];
