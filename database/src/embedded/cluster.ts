import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Binaries, program } from "./binaries.ts";
import { initialUser, type SystemUser } from "./system-user.ts";

export const SUPERUSER = "wufen";
const INITDB_LIMIT_MS = 120_000;

/**
 * Makes the cluster `dataDir/cluster` where there is none: as a whole or not at all.
 * @returns the superuser's password, random for each data folder
 */
export async function ensureCluster(
  dataDir: string,
  binaries: Binaries,
  user: SystemUser | undefined,
  log: (line: string) => void,
): Promise<{ readonly clusterDir: string; readonly password: string }> {
  const clusterDir = join(dataDir, "cluster");
  const passwordFile = join(dataDir, "password");
  if (existsSync(clusterDir)) {
    assertSameMajorVersion(clusterDir, binaries);
    if (!existsSync(passwordFile)) {
      throw new Error(`${passwordFile} is missing, so the database in ${clusterDir} cannot be opened: restore it`);
    }
    return { clusterDir, password: readFileSync(passwordFile, "utf8").trim() };
  }

  log("creating the database");
  const password = randomBytes(24).toString("hex");
  const partialDir = join(dataDir, "making");
  rmSync(partialDir, { recursive: true, force: true });
  mkdirSync(partialDir, { mode: 0o700 });
  const pwfile = join(partialDir, "pwfile");
  writeFileSync(pwfile, `${password}\n`, { mode: 0o600 });
  const initial = initialUser(user);
  if (initial !== undefined) {
    chownSync(pwfile, initial.uid, initial.gid);
    chownSync(partialDir, initial.uid, initial.gid);
  }
  try {
    await promisify(execFile)(
      program(binaries, "initdb"),
      [
        `--pgdata=${join(partialDir, "cluster")}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${pwfile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
      ],
      { ...initial, cwd: partialDir, timeout: INITDB_LIMIT_MS, env: { ...process.env, LC_ALL: "C" } },
    );
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = (stderr || message).trim();
    const remedy = reason.includes("user does not exist")
      ? ". Run as a user that /etc/passwd names, or give DATABASE_URL of a PostgreSQL of your own"
      : "";
    throw new Error(`the database could not be created in ${dataDir}: ${reason}${remedy}`, { cause: error });
  }
  if (user !== undefined) {
    execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, join(partialDir, "cluster")]);
  }
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  chmodSync(passwordFile, 0o600);
  renameSync(join(partialDir, "cluster"), clusterDir);
  rmSync(partialDir, { recursive: true, force: true });
  return { clusterDir, password };
}

function assertSameMajorVersion(clusterDir: string, binaries: Binaries): void {
  const cluster = readFileSync(join(clusterDir, "PG_VERSION"), "utf8").trim();
  const major = binaries.version.split(".")[0];
  if (cluster === major) return;
  throw new Error(
    `the database in ${clusterDir} was made by PostgreSQL ${cluster} and this is ${major}: use the installation that made it, or choose another --data`,
  );
}
