import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { Parts } from "../parts.ts";
import type { Api } from "./api.ts";
import { notFound } from "./faults.ts";

const YEAR_S = 31_536_000;
/** Paths that are never the map's page. */
const NOT_PAGES = /^\/(api|mqtt|pub|healthz)(\/|$|\?)/;

/** The map's files; every other address that is not the API's is the map's page, whose own router reads it. */
export async function clientFiles(app: Api, { config }: Parts): Promise<void> {
  const { clientDir } = config;
  if (clientDir !== undefined) {
    const assets = join(clientDir, "assets");
    await app.register(fastifyStatic, {
      root: clientDir,
      // Its own route would name no right.
      serve: false,
      cacheControl: false,
      setHeaders(response, path) {
        // Vite's assets carry their hash in their name; anything else may change under its name.
        const cache = path.startsWith(assets) ? `public, max-age=${YEAR_S}, immutable` : "no-cache";
        response.setHeader("cache-control", cache);
      },
    });
    app.get<{ Params: { "*": string } }>(
      "/*",
      { config: { right: "open" }, schema: { hide: true } },
      ({ params }, reply) => reply.sendFile(params["*"] || "index.html"),
    );
  }
  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === "GET" && !NOT_PAGES.test(request.url) && !/\.\w+(\?|$)/.test(request.url);
    if (clientDir === undefined || !isPage) throw notFound(request);
    void reply.sendFile("index.html");
  });
}
