import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The repository's root. */
export const root = join(import.meta.dirname, "../..");

/** A process of the system under test: started, known by its id, and ended by nothing but that id. */
export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** The fields of its `{"ready":true,…}` line. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** What it has written so far, for a failure's message. */
  output(): string;
  /** SIGTERM, then waits for the end; answers the exit code. */
  stop(): Promise<number | null>;
  /** kill -9, then waits for the end. */
  kill(): Promise<void>;
}

const OUTPUT_LIMIT = 200_000;

export interface StartOptions {
  readonly nodeOptions?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a node script and waits for its ready line; throws with its output if it ends before. */
export async function startNode(name: string, script: string, options: StartOptions = {}): Promise<Started> {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), join(root, script), ...(options.args ?? [])], {
    cwd: root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-OUTPUT_LIMIT);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);

  const ended = once(child, "exit") as Promise<[number | null]>;
  const ready = await Promise.race([
    readyLine(child),
    ended.then(([code]) => {
      throw new Error(`${name} ended with code ${code} before it was ready:\n${text}`);
    }),
  ]);
  return {
    name,
    pid: child.pid as number,
    child,
    ready,
    output: () => text,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill("SIGTERM");
      const [code] = await ended;
      return code;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    if (!line.startsWith("{")) continue;
    const parsed = JSON.parse(line) as Record<string, unknown>;
    if (parsed.ready === true) return parsed;
  }
  return new Promise(() => {}); // the stream ended: the exit tells why
}

/** Runs a node script to its end; answers its standard output, throws with everything it wrote if the code is not 0. */
export async function runNode(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = "",
): Promise<string> {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err = (err + chunk.toString()).slice(-OUTPUT_LIMIT);
  });
  child.stdin.end(input);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${script} ${args.join(" ")} ended with code ${code}:\n${out}\n${err}`);
  return out;
}
