import { type Static, Type } from "typebox";
import { Position } from "../kinds.ts";

/** What the map needs before its first tile: GET /api/map. Tiles: GET /api/tiles/{z}/{x}/{y}.mvt */
export const MapInfo = Type.Object({
  version: Type.String({ description: "of the imported extract; part of no address, only for caches" }),
  sourceName: Type.String(),
  attribution: Type.String(),
  bounds: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()], {
    description: "west, south, east, north",
  }),
  center: Position,
  minZoom: Type.Integer(),
  maxZoom: Type.Integer(),
});
export type MapInfo = Static<typeof MapInfo>;

/** GET /healthz, open to all: says only whether, never who or how many. */
export const Health = Type.Object({
  ok: Type.Boolean(),
  database: Type.Boolean(),
  brokers: Type.Boolean(),
  /** Only where several processes share a Redis; without it everything goes on, up to 4 s late. */
  redis: Type.Optional(Type.Boolean()),
  version: Type.String(),
});
export type Health = Static<typeof Health>;
