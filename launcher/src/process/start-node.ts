import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Refusal } from "../refusal.ts";
import { describeEnding, type Ending, type Running } from "./running.ts";

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;
const LINES_KEPT = 15;

export type NodeProgram = {
  readonly name: string;
  /** The script, relative to the project's folder. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Starts a program of the project and waits for its line `{"ready":true,…}`. Its standard input is a pipe that ends with
 * this process, however this ends: the program then stops by itself (WUFEN_PARENT_PIPE).
 *
 * @param log receives every line it writes
 * @throws Refusal with its last lines where it ends before it is ready
 */
export async function startNode(
  program: NodeProgram,
  projectDir: string,
  log: (line: string) => void,
): Promise<Running & { readonly ready: Readonly<Record<string, unknown>> }> {
  // A group of its own: Ctrl-C at the terminal is for the launcher, which stops its processes in order.
  const child = spawn(
    process.execPath,
    [...(program.nodeOptions ?? []), join(projectDir, program.script), ...(program.args ?? [])],
    {
      cwd: projectDir,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...program.environment, WUFEN_PARENT_PIPE: "1" },
    },
  );
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ending>((resolve) => {
    child.on("error", () => resolve({ code: null, signal: null }));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });

  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    log(line);
  };
  const ready = new Promise<Record<string, unknown>>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      keep(line);
      const fields = readReadyLine(line);
      if (fields !== undefined) resolve(fields);
    });
  });
  createInterface({ input: child.stderr }).on("line", keep);

  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  const outcome = await Promise.race([
    ready.then((fields) => ({ fields })),
    ended.then((ending) => ({ failure: `ended with ${describeEnding(ending)} before it was ready` })),
    new Promise<{ failure: string }>((resolve) => {
      setTimeout(resolve, READY_LIMIT_MS, { failure: `was not ready after ${READY_LIMIT_MS / 1000} s` }).unref();
    }),
  ]);
  if ("failure" in outcome) {
    await stop();
    throw new Refusal(`${program.name} ${outcome.failure}. Its last lines:\n${lines.map(toWords).join("\n")}`);
  }
  return { pid: child.pid as number, ended, stop, ready: outcome.fields };
}

/** Runs a program of the project to its end. @returns its standard output. @throws Refusal with what it said */
export async function runNode(
  program: NodeProgram,
  projectDir: string,
  log: (line: string) => void,
  input = "",
  signal?: AbortSignal,
): Promise<string> {
  const child = spawn(process.execPath, [join(projectDir, program.script), ...(program.args ?? [])], {
    cwd: projectDir,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...program.environment },
    ...(signal === undefined ? {} : { signal }),
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    log(line);
  });
  const ending = await new Promise<Ending>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  if (ending.code === 0) return output;
  throw new Refusal(lines.join("\n") || `${program.name} ended with ${describeEnding(ending)}`);
}

function readReadyLine(line: string): Record<string, unknown> | undefined {
  const fields = readFields(line);
  return fields?.ready === true ? fields : undefined;
}

/** A line of a structured log is told by its message; the rest of it is in the log file. */
function toWords(line: string): string {
  const message = readFields(line)?.msg;
  return typeof message === "string" ? message : line;
}

function readFields(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
