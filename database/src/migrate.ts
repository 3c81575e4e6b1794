import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { hidePassword } from "./connect.ts";

const MIGRATIONS_TABLE = "pgmigrations";
const CONNECT_TIMEOUT_MS = 10_000;

/** The database holds migrations that this code does not know. */
export class DatabaseNewerError extends Error {
  override name = "DatabaseNewerError";
}

/**
 * Brings the database at `url` to this code's schema, all missing migrations in one transaction: it is the new schema or
 * still the old one. Processes that start together wait for one another (advisory lock).
 *
 * @param log receives one line for each migration that ran
 * @param migrationsDir a folder of `.sql` files `NNNN-name.sql`, run in the order of their numbers
 * @returns names of the migrations that ran
 * @throws DatabaseNewerError where the database was migrated by newer code; Error naming the migration that failed
 */
export async function migrate(
  url: string,
  log: (line: string) => void = () => undefined,
  migrationsDir: string = ownMigrationsDir(),
): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "wufen migrate",
  });
  // A lost connection also fails the query under way, which carries the error.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const cause = error as Error & { code?: string };
    throw new Error(
      `cannot reach the database ${hidePassword(url)}: ${cause.message || cause.code || "no answer"}. Check DATABASE_URL and that PostgreSQL runs there`,
      { cause },
    );
  }
  try {
    await assertNotNewer(client, migrationsDir);
    const ran = await runner({
      dbClient: client,
      dir: migrationsDir,
      direction: "up",
      migrationsTable: MIGRATIONS_TABLE,
      singleTransaction: true,
      advisoryLockMode: "wait",
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    for (const { name } of ran) log(`migrated ${name}`);
    return ran.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function assertNotNewer(client: pg.Client, migrationsDir: string): Promise<void> {
  const known = new Set(
    readdirSync(migrationsDir)
      .filter((file) => file.endsWith(".sql"))
      .map((file) => file.slice(0, -".sql".length)),
  );
  const { rows: tables } = await client.query("SELECT 1 FROM pg_tables WHERE tablename = $1", [MIGRATIONS_TABLE]);
  if (tables.length === 0) return;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`);
  const unknown = rows.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new DatabaseNewerError(
    `the database was migrated by newer code (${unknown.join(", ")}): update this installation, or use the data of its version`,
  );
}

/** `dist` holds no SQL: both the source and the build read the source's folder. */
function ownMigrationsDir(): string {
  const besideSource = fileURLToPath(new URL("./migrations", import.meta.url));
  return existsSync(besideSource) ? besideSource : fileURLToPath(new URL("../src/migrations", import.meta.url));
}
