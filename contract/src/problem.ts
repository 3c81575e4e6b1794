import { type Static, Type } from "typebox";

/** The table of HTTP faults. A client decides by code; the message is for a person and carries the value and the remedy. */
export const PROBLEMS = {
  BODY_INVALID: 400,
  NOT_SIGNED_IN: 401,
  SIGN_IN_FAILED: 401,
  DEMO_SIGN_IN_REFUSED: 403,
  NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  DEVICE_NOT_FOUND: 404,
  UNIT_NOT_FOUND: 404,
  TILE_NOT_FOUND: 404,
  CALLSIGN_TAKEN: 409,
  DEVICE_ID_TAKEN: 409,
  DEVICE_BOUND_ELSEWHERE: 409,
  DEVICE_KIND_NEEDS_ORDER: 409,
  NO_POSITION: 409,
  BODY_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  BROKER_UNREACHABLE: 502,
  DATABASE_DOWN: 503,
  SHUTTING_DOWN: 503,
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** Body of every answer with a status of 400 or more. */
export const Problem = Type.Object({
  code: Type.Enum(Object.keys(PROBLEMS) as ProblemCode[]),
  message: Type.String({ description: "what is wrong, with the value, and what to do" }),
  path: Type.Optional(Type.String({ description: "the field, as a JSON pointer" })),
  requestId: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;
