import type { ServerResponse } from "node:http";
import type { ProblemCode } from "@wufen/contract";
import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { BrokerUnreachable } from "../adapters/broker-client.ts";
import { DatabaseDown } from "../adapters/database.ts";
import { RequestProblem } from "../problem.ts";

/** Fastify's own faults in our table. */
const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_HANDLER_TIMEOUT: "DATABASE_DOWN",
};

/** Every answer of 400 or more is a Problem with a code of the table. */
export function answerFaults(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, "request failed");
    return reply.code(problem.status).type("application/json").send(problem.toBody(request.id));
  });
}

/** Answers an address that cannot be read: it meets no route and no hook, so none sets its headers. */
export function answerUnreadable(error: Error, requestId: string, response: ServerResponse): void {
  const problem = toProblem(error);
  response.writeHead(problem.status, {
    "content-type": "application/json",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
  });
  response.end(JSON.stringify(problem.toBody(requestId)));
}

export function notFound(request: FastifyRequest): RequestProblem {
  return new RequestProblem("NOT_FOUND", `there is no ${request.method} ${request.url.slice(0, 100)}; see /api/docs`);
}

function toProblem(error: unknown): RequestProblem {
  if (error instanceof RequestProblem) return error;
  if (error instanceof DatabaseDown) return new RequestProblem("DATABASE_DOWN", error.message);
  if (error instanceof BrokerUnreachable) return new RequestProblem("BROKER_UNREACHABLE", error.message);
  const { code = "", message = "", statusCode = 500, validation } = error as Partial<FastifyError>;
  // Of a field that is too much the first error says “false” and the last says why.
  const invalid = validation?.find(({ keyword }) => keyword !== "boolean") ?? validation?.[0];
  if (invalid !== undefined) {
    return new RequestProblem("BODY_INVALID", invalid.message ?? message, pathOf(invalid));
  }
  const known = FASTIFY_CODES[code];
  if (known !== undefined) return new RequestProblem(known, message);
  if (statusCode === 429) return new RequestProblem("TOO_MANY_REQUESTS", message);
  if (statusCode >= 400 && statusCode < 500) return new RequestProblem("BODY_INVALID", message);
  return new RequestProblem("INTERNAL", "something failed here; the log has it under this request id");
}

interface Invalid {
  readonly instancePath?: string;
  readonly params?: { readonly requiredProperties?: unknown; readonly additionalProperties?: unknown };
}

/** JSON pointer of the field; for one that is missing or too much, of that one. */
function pathOf({ instancePath = "", params }: Invalid): string {
  const named = params?.requiredProperties ?? params?.additionalProperties;
  const [property] = Array.isArray(named) ? named : [];
  return typeof property === "string" ? `${instancePath}/${property}` : instancePath;
}
