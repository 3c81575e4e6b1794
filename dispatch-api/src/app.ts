import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import { LIMITS } from "@wufen/contract";
import Fastify, { type FastifyBaseLogger, LogController } from "fastify";
import type { Right } from "./domain/rights.ts";
import type { Parts } from "./parts.ts";
import { RequestProblem } from "./problem.ts";
import type { Api } from "./routes/api.ts";
import { clientFiles } from "./routes/client-files.ts";
import { deviceHttpRoutes } from "./routes/device-http.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { dispatchRoutes } from "./routes/dispatch.ts";
import { docsRoutes } from "./routes/docs.ts";
import { answerFaults, answerUnreadable } from "./routes/faults.ts";
import { guardRoutes } from "./routes/guard.ts";
import { type Counters, healthRoutes, VERSION } from "./routes/health.ts";
import { mapRoutes } from "./routes/map.ts";
import { sessionRoutes } from "./routes/session.ts";
import { unitRoutes } from "./routes/units.ts";

/** Requests of one address in ten seconds; a map that is opened asks for some hundred tiles. */
export const REQUESTS_PER_ADDRESS = { max: 5000, timeWindow: 10_000 };
/** Longest work on one request. */
const HANDLER_MS = 35_000;
const REQUEST_MS = 30_000;

export interface App {
  readonly api: Api;
  /** Every route there is, with the right it needs. */
  readonly routes: readonly { readonly method: string; readonly url: string; readonly right: Right }[];
}

/** All routes on a Fastify that does not listen yet. */
export async function createApp(parts: Parts, counters: () => Counters): Promise<App> {
  const app = Fastify({
    loggerInstance: parts.log satisfies FastifyBaseLogger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: LIMITS.restBodyBytes,
    requestTimeout: REQUEST_MS,
    trustProxy: parts.config.trustedProxies,
    handlerTimeout: HANDLER_MS,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answerUnreadable(error, request.id, reply.raw),
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // The handlers' types are the schemas': a second look at every answer would cost more than it finds.
  app.setSerializerCompiler(() => JSON.stringify);
  answerFaults(app);
  const routes: App["routes"][number][] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, right: config?.right ?? "own-session" });
  });
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  app.addHook("onRequest", async () => {
    if (closing) throw new RequestProblem("SHUTTING_DOWN", "the server stops; try again in a moment");
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    // The route's pattern, not the address: ids and queries are nobody's business in a log.
    request.log.debug({ method, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime }, "answered");
  });
  await app.register(helmet, HEADERS);
  await app.register(cookie);
  const { requestLimit: store } = parts;
  await app.register(rateLimit, { ...REQUESTS_PER_ADDRESS, ...(store === undefined ? {} : { store }) });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Wufen 五分 dispatch API", version: VERSION, description: "Positions are [lng, lat], WGS-84." },
    },
  });
  guardRoutes(app, parts);
  healthRoutes(app, parts, counters);
  sessionRoutes(app, parts);
  deviceRoutes(app, parts);
  unitRoutes(app, parts);
  dispatchRoutes(app, parts);
  mapRoutes(app, parts);
  docsRoutes(app);
  await deviceHttpRoutes(app, parts);
  await clientFiles(app, parts);
  await app.ready();
  return { api: app, routes };
}

const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      workerSrc: ["'self'"],
      styleSrc: ["'self'"],
      styleSrcAttr: ["'unsafe-inline'"],
      imgSrc: ["'self'", "blob:", "data:"],
      connectSrc: ["'self'", "ws:", "wss:"],
      fontSrc: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // It would reach every port of the host, also the plain one beside the HTTPS listener.
  strictTransportSecurity: false,
};
