import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import postgres from "postgres";
import { connect } from "../connect.ts";
import { findBinaries, program } from "./binaries.ts";
import { ensureCluster, SUPERUSER } from "./cluster.ts";
import { prepareDataDir, prepareSocketDir } from "./folders.ts";
import { readPostmasterPid, stopLeftoverServer, stopServer } from "./leftover.ts";
import { type Durability, serverSettings } from "./settings.ts";
import { serverUser } from "./system-user.ts";

const DATABASE = "wufen";
const READY_LIMIT_MS = 60_000;
/** Backends of a killed server hold its memory until they notice, so a start may be refused for a while. */
const RETRY_LIMIT_MS = 10_000;
const POLL_MS = 20;
const LINES_KEPT = 30;

export type EmbeddedPostgresOptions = {
  /** Everything of this server: cluster, password, socket. One server a folder. */
  readonly dataDir: string;
  /** Receives the server's log and what the start does, line by line. */
  readonly log?: (line: string) => void;
  /** A loopback port to listen on besides the socket; 0 picks a free one. Without it: the socket only. */
  readonly port?: number;
  readonly durability?: Durability;
};

export type EmbeddedPostgres = {
  /** Address of the database `wufen`, with the password. The same after a restart, unless a port was picked. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server has ended, asked or not. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stop(): Promise<void>;
  /** Lets this process end while the server runs. */
  unref(): void;
};

/**
 * Starts the PostgreSQL of the installed packages on `dataDir`, which is made if need be, and stops one that a killed start
 * left running there.
 *
 * @throws Error with the server's last lines where it does not come up
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const dataDir = prepareDataDir(options.dataDir, log);
  const user = serverUser(join(dataDir, "cluster"));
  const binaries = findBinaries(user, log);
  const { clusterDir, password } = await ensureCluster(dataDir, binaries, user, log);
  await stopLeftoverServer(clusterDir, log);

  const hasSocket = process.platform !== "win32";
  const socketDir = hasSocket ? prepareSocketDir(dataDir, user) : undefined;
  const wantedPort = options.port ?? (hasSocket ? undefined : 0);
  const port = wantedPort === 0 ? await findFreePort() : wantedPort;
  const settings = serverSettings(socketDir, port, options.durability ?? "power-cut");
  const args = ["-D", clusterDir, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];

  const startedMs = Date.now();
  for (;;) {
    // A group of its own: Ctrl-C at the terminal is for the launcher, which stops its processes in order.
    const server = spawn(program(binaries, "postgres"), args, {
      ...user,
      cwd: clusterDir,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    const lines = keepLines(server, log);
    const ended = new Promise<Awaited<EmbeddedPostgres["ended"]>>((resolve) => {
      server.on("error", () => resolve({ code: null, signal: null }));
      server.on("exit", (code, signal) => resolve({ code, signal }));
    });
    if (await becomesReady(server, clusterDir, ended)) {
      const address = (database: string) =>
        `postgres://${SUPERUSER}:${password}@${
          socketDir === undefined
            ? `127.0.0.1:${port}/${database}`
            : `/${database}?host=${encodeURIComponent(socketDir)}${port === undefined ? "" : `&port=${port}`}`
        }`;
      await ensureDatabase(address("postgres"));
      return {
        url: address(DATABASE),
        pid: server.pid as number,
        ended,
        stop: async () => {
          await stopServer(server.pid as number, () => server.exitCode === null && server.signalCode === null);
          if (socketDir !== undefined) rmSync(socketDir, { recursive: true, force: true });
        },
        unref: () => {
          server.unref();
          (server.stderr as Socket | null)?.unref();
        },
      };
    }
    const isHeld = lines.some((line) => /still in use|lock file|already exists/.test(line));
    if (!isHeld || Date.now() - startedMs > RETRY_LIMIT_MS) {
      throw new Error(`PostgreSQL did not start on ${dataDir}:\n${lines.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10 * POLL_MS));
  }
}

async function becomesReady(
  server: ChildProcess,
  clusterDir: string,
  ended: EmbeddedPostgres["ended"],
): Promise<boolean> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const limitMs = Date.now() + READY_LIMIT_MS;
  while (!hasEnded) {
    const found = readPostmasterPid(clusterDir);
    if (found?.pid === server.pid && found?.status === "ready") return true;
    if (Date.now() > limitMs) {
      await stopServer(server.pid as number, () => !hasEnded);
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

async function ensureDatabase(url: string): Promise<void> {
  const sql = connect(url, { max: 1 });
  try {
    const found = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (found.length === 0) await sql.unsafe(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === "28P01") {
      throw new Error("the password file does not open this database: restore it from where the data came", {
        cause: error,
      });
    }
    throw error;
  } finally {
    await sql.end();
  }
}

function keepLines(server: ChildProcess, log: (line: string) => void): string[] {
  const lines: string[] = [];
  if (server.stderr !== null) {
    createInterface({ input: server.stderr }).on("line", (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
      log(line);
    });
  }
  return lines;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
