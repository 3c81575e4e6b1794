import { MapInfo, Problem } from "@wufen/contract";
import { Type } from "typebox";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";
import type { Api } from "./api.ts";

const TILE_MAX_AGE_S = 300;

export function mapRoutes(app: Api, parts: Parts): void {
  const tags = ["map"];
  app.get(
    "/api/map",
    {
      config: { right: "view-map" },
      schema: { tags, summary: "What the map needs before its first tile", response: { 200: MapInfo, 404: Problem } },
    },
    () => getTiles(parts).info,
  );

  app.get(
    "/api/tiles/:z/:x/:y.mvt",
    {
      config: { right: "view-map" },
      schema: {
        tags,
        summary: "A vector tile",
        params: Type.Object({
          z: Type.Integer({ minimum: 0, maximum: 22 }),
          x: Type.Integer({ minimum: 0 }),
          y: Type.Integer({ minimum: 0 }),
        }),
        response: {
          200: Type.Unsafe<Uint8Array>({ description: "Mapbox Vector Tile 2.1, gzipped" }),
          204: Type.Null(),
          304: Type.Null(),
        },
      },
    },
    async (request, reply) => {
      const { z, x, y } = request.params;
      const tiles = getTiles(parts);
      if (x >= 2 ** z || y >= 2 ** z) throw new RequestProblem("TILE_NOT_FOUND", `there is no tile ${z}/${x}/${y}`);
      const etag = `"${tiles.info.version}-${z}-${x}-${y}"`;
      reply.header("etag", etag).header("cache-control", `private, max-age=${TILE_MAX_AGE_S}`);
      if (request.headers["if-none-match"] === etag) return reply.code(304).send(null);
      const gzipped = await tiles.find(z, x, y);
      if (gzipped === undefined) return reply.code(204).send(null);
      return reply.type("application/vnd.mapbox-vector-tile").header("content-encoding", "gzip").send(gzipped);
    },
  );
}

function getTiles(parts: Parts) {
  if (parts.tiles === undefined) {
    throw new RequestProblem("NOT_FOUND", "no map is loaded; start the API with WUFEN_MAP_DIR");
  }
  return parts.tiles;
}
