import { parseArgs } from "node:util";

/** A mistake in the command line: told in one line, exit code 2. */
export class UsageError extends Error {}

/** Reads `--name value` options. A default of undefined makes the option required. */
export function readOptions<T extends Record<string, string | undefined>>(
  argv: string[],
  defaults: T,
): { [K in keyof T]: string } {
  let values: Record<string, unknown>;
  try {
    const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" as const }]));
    values = parseArgs({ args: argv, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const missing = Object.keys(defaults).filter((name) => (values[name] ?? defaults[name]) === undefined);
  if (missing.length > 0) throw new UsageError(`missing ${missing.map((name) => `--${name}`).join(", ")}`);
  return Object.fromEntries(Object.keys(defaults).map((name) => [name, String(values[name] ?? defaults[name])])) as {
    [K in keyof T]: string;
  };
}

export function readNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) {
    throw new UsageError(`${name} ${text}: give a number from ${low} to ${high}`);
  }
  return value;
}

export function readWhole(name: string, text: string, low: number, high: number): number {
  const value = readNumber(name, text, low, high);
  if (!Number.isInteger(value)) throw new UsageError(`${name} ${text}: give a whole number`);
  return value;
}
