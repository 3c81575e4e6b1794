import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const PROGRAM = "redis-server";

/** A redis-server of a test's own, on a port that stays the same while it is ended, started again and frozen. */
export class TestRedis {
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  /** `args` are redis-server's own, like `--requirepass secret`. */
  static async start(args: readonly string[] = []): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), args);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const child = spawn(
      PROGRAM,
      [...["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], ...this.#args],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const failed = once(child, "error").then(([error]) => {
      throw new Error(`${PROGRAM} did not start: apt-get install redis-server`, { cause: error });
    });
    await Promise.race([readyLine(child), failed]);
    this.#child = child;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** kill -9, then waits for the end. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

async function readyLine(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    said.push(line);
    if (!/Ready to accept connections/.test(line)) continue;
    child.stdout?.resume();
    return;
  }
  throw new Error(`${PROGRAM} ended before it was ready:\n${said.join("\n")}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
