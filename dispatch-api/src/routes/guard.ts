import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SignedIn } from "../adapters/session-store.ts";
import { mayDo, RIGHTS, type Right } from "../domain/rights.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";

export const SESSION_COOKIE = "wufen_session";

declare module "fastify" {
  interface FastifyRequest {
    signedIn: SignedIn | undefined;
  }
  interface FastifyContextConfig {
    /** What a person must be allowed to do to use the route; every route names one. */
    right?: Right;
    /** The caller is a device, not a browser: no cookie is read, so nothing can be forged with one. */
    forDevices?: boolean;
  }
}

const CHANGING_METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** No route without a right, no right without a person who has it, no change from another site's page. */
export function guardRoutes(app: FastifyInstance, parts: Parts): void {
  app.decorateRequest("signedIn", undefined);
  app.addHook("onRoute", (route) => {
    const right = route.config?.right;
    if (right === undefined || !(right in RIGHTS)) {
      throw new Error(`route ${String(route.method)} ${route.url} names no right: add config.right`);
    }
  });
  app.addHook("onRequest", async (request) => {
    const { right = "own-session", forDevices } = request.routeOptions.config;
    if (request.is404) return;
    if (CHANGING_METHODS.has(request.method) && forDevices !== true) refuseOtherSites(request.headers);
    if (right === "open") return;
    request.signedIn = await findSignedIn(request, parts);
    if (request.signedIn === undefined) throw notSignedIn();
    if (!mayDo(request.signedIn.role, right)) {
      throw new RequestProblem("NOT_ALLOWED", `a ${request.signedIn.role} may not ${right}; ask an administrator`);
    }
  });
}

/** Who is signed in; on a route with a right there is always somebody. */
export function getSignedIn(request: FastifyRequest): SignedIn {
  if (request.signedIn === undefined) throw notSignedIn();
  return request.signedIn;
}

/** Browsers name the page a request comes from; another site's page must not use our cookie. */
export function refuseOtherSites(headers: {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}): void {
  const { origin, host } = headers;
  if (origin === undefined || hostOf(origin) === host) return;
  throw new RequestProblem("NOT_ALLOWED", `a page of ${origin.slice(0, 100)} may not do this; use the map's own page`);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

async function findSignedIn(request: FastifyRequest, parts: Parts): Promise<SignedIn | undefined> {
  const token = request.cookies[SESSION_COOKIE];
  return token === undefined ? undefined : parts.sessions.find(token);
}

function notSignedIn(): RequestProblem {
  return new RequestProblem("NOT_SIGNED_IN", "nobody is signed in, or the session has ended; sign in");
}
