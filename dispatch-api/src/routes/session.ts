import { Problem, Session, SignIn } from "@wufen/contract";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { checkPassword, TooManyChecks } from "../adapters/passwords.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";
import type { Api } from "./api.ts";
import { getSignedIn, SESSION_COOKIE } from "./guard.ts";

export function sessionRoutes(app: Api, parts: Parts): void {
  const limits = parts.signInLimits;

  app.post(
    "/api/session",
    {
      config: { right: "open" },
      schema: { tags: ["session"], summary: "Sign in", body: SignIn, response: { 200: Session, 401: Problem } },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const now = parts.now();
      if (!limits.begin(name, request.ip, now)) throw tooMany("too many sign-ins");
      const person = await parts.persons.find(name);
      const right = await checkPassword(person?.passwordHash, password).catch((error: unknown) => {
        throw error instanceof TooManyChecks ? tooMany(error.message) : error;
      });
      if (!right || person === undefined) {
        limits.failed(name, request.ip, now);
        throw new RequestProblem("SIGN_IN_FAILED", "name or password is wrong; check both");
      }
      if (person.demo && !parts.config.demoSignIn) {
        const message = "this person exists for the demo only, and this is no demo; sign in as somebody else";
        throw new RequestProblem("DEMO_SIGN_IN_REFUSED", message);
      }
      limits.succeeded(name, request.ip);
      const { token, expiresAtMs } = await parts.sessions.create(person.no);
      reply.setCookie(SESSION_COOKIE, token, { ...cookieOptions(request), expires: new Date(expiresAtMs) });
      return { person: { name: person.name, role: person.role, demo: person.demo }, expiresAtMs };
    },
  );

  app.get(
    "/api/session",
    {
      config: { right: "own-session" },
      schema: { tags: ["session"], summary: "Who is signed in", response: { 200: Session, 401: Problem } },
    },
    (request) => {
      const { name, role, demo, expiresAtMs } = getSignedIn(request);
      return { person: { name, role, demo }, expiresAtMs };
    },
  );

  app.delete(
    "/api/session",
    {
      config: { right: "own-session" },
      schema: { tags: ["session"], summary: "Sign out", response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token !== undefined) parts.endSession(await parts.sessions.end(token));
      return reply.clearCookie(SESSION_COOKIE, cookieOptions(request)).code(204).send(null);
    },
  );
}

function cookieOptions(request: FastifyRequest) {
  const secure = request.protocol === "https";
  return { path: "/", httpOnly: true, sameSite: "strict", secure } as const;
}

function tooMany(what: string): RequestProblem {
  return new RequestProblem("TOO_MANY_REQUESTS", `${what}; try again in some minutes`);
}
