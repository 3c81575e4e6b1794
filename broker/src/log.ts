import { type DestinationStream, type Logger, pino } from "pino";

/** Structured log; of an error only what is known to be harmless: PostgreSQL's details quote the values of a row. */
export function createLog(level: string, destination: DestinationStream): Logger {
  return pino({ name: "broker", level, serializers: { err: toHarmless } }, destination);
}

function toHarmless(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  return { type: name, code: (error as { code?: unknown }).code, message, stack };
}
