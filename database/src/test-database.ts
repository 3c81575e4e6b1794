import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "./connect.ts";
import { isAlive, stopLeftoverServer } from "./embedded/leftover.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded/start.ts";
import { migrate } from "./migrate.ts";

/** The server of this test run, set by the test runner's global set-up. */
export const TEST_SERVER_VARIABLE = "WUFEN_TEST_DATABASE_URL";
const TEMPLATE = "wufen_template";
const FOLDER_PREFIX = "wufen-test-";

export type TestDatabase = {
  readonly url: string;
  drop(): Promise<void>;
};

type TestServer = Pick<EmbeddedPostgres, "url" | "pid" | "stop" | "unref">;

let ownServer: Promise<TestServer> | undefined;

/** A migrated, empty database of its own for one test file; some 50 ms, copied from a template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env[TEST_SERVER_VARIABLE] ?? (await serverOfThisProcess()).url;
  const name = `test_${process.pid}_${randomBytes(6).toString("hex")}`;
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  return {
    url: withDatabase(serverUrl, name),
    drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/**
 * Starts the server that the tests of one run share, in a temporary folder, with the template migrated.
 * It does not survive a power cut, which no test looks at; the death of any process it does.
 */
export async function startTestServer(): Promise<TestServer> {
  await removeLeftoverServers();
  const dataDir = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const server = await startEmbeddedPostgres({ dataDir, durability: "process" });
  const { url, pid } = server;
  await execute(url, `CREATE DATABASE ${TEMPLATE}`);
  await migrate(withDatabase(url, TEMPLATE));
  return {
    url,
    pid,
    unref: server.unref,
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** For a test that runs by itself: the server ends with the process. */
function serverOfThisProcess(): Promise<TestServer> {
  if (ownServer === undefined) {
    ownServer = startTestServer();
    void ownServer.then((server) => {
      server.unref();
      process.once("exit", () => process.kill(server.pid, "SIGINT"));
    });
  }
  return ownServer;
}

/** Test runs that were killed leave a server and a folder behind. */
async function removeLeftoverServers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^wufen-test-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const dataDir = join(tmpdir(), name);
    try {
      await stopLeftoverServer(join(dataDir, "cluster"), () => undefined);
      rmSync(dataDir, { recursive: true, force: true });
    } catch {
      // Another user's, or one that does not stop: not this run's business.
    }
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const sql = connect(url, { max: 1 });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function withDatabase(url: string, name: string): string {
  return url.replace(/\/wufen(?=\?|$)/, `/${name}`);
}
