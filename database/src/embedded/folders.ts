import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { SHARED_DIR } from "./binaries.ts";
import type { SystemUser } from "./system-user.ts";

/** Longest path of a unix socket, bytes, the final zero included: 108 on Linux, 104 on macOS. */
const SOCKET_PATH_BYTES = 104;
const SOCKET_NAME = "/.s.PGSQL.65535.lock";

/**
 * Makes `dataDir` and sees that another user can pass through it. Where a folder above is closed to others, `dataDir`
 * becomes a link to a folder that is not.
 * @returns its real path
 */
export function prepareDataDir(dataDir: string, log: (line: string) => void): string {
  const isRoot = process.getuid?.() === 0;
  if (!existsSync(dataDir)) {
    // A link to a folder that was removed.
    if (lstatSync(dataDir, { throwIfNoEntry: false }) !== undefined) rmSync(dataDir);
    mkdirSync(dirname(dataDir), { recursive: true, mode: 0o711 });
    const closed = isRoot ? findClosedFolder(dirname(dataDir)) : undefined;
    if (closed === undefined) {
      mkdirSync(dataDir, { mode: isRoot ? 0o711 : 0o700 });
    } else {
      const id = createHash("sha256")
        .update(realpathSync(dirname(dataDir)))
        .digest("hex")
        .slice(0, 12);
      // What is temporary stays where temporary things are swept up.
      const isTemporary = realpathSync(dirname(dataDir)).startsWith(realpathSync(tmpdir()) + sep);
      const elsewhere = isTemporary ? join(tmpdir(), `wufen-data-${id}`) : join(SHARED_DIR, `data-${id}`);
      log(`${closed} is closed to other users, and PostgreSQL does not run as root: its data is in ${elsewhere}`);
      mkdirSync(elsewhere, { recursive: true, mode: 0o711 });
      if (lstatSync(elsewhere).uid !== 0) throw new Error(`${elsewhere} does not belong to root: remove it`);
      if (!isTemporary) chmodSync(SHARED_DIR, 0o755);
      symlinkSync(elsewhere, dataDir);
    }
  }
  const realDir = realpathSync(dataDir);
  if (isRoot) {
    chmodSync(realDir, 0o711);
    const closed = findClosedFolder(realDir);
    if (closed !== undefined) {
      throw new Error(
        `PostgreSQL does not run as root, and ${closed} is closed to other users: run chmod o+x ${closed}, or choose another --data`,
      );
    }
  }
  return realDir;
}

/** The folder of the server's socket, closed to everyone but the server's user: in the data folder unless its path is too long. */
export function prepareSocketDir(dataDir: string, user: SystemUser | undefined): string {
  const inData = join(dataDir, "socket");
  const id = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  const dir = Buffer.byteLength(inData + SOCKET_NAME) < SOCKET_PATH_BYTES ? inData : join(shortTmpDir(), `wufen-${id}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (lstatSync(dir).isSymbolicLink())
    throw new Error(`${dir} is a link where the database's socket should be: remove it`);
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const { uid } = statSync(dir);
  const expected = user?.uid ?? process.getuid?.() ?? uid;
  if (uid !== expected) throw new Error(`${dir}, where the database's socket goes, belongs to user ${uid}: remove it`);
  chmodSync(dir, 0o700);
  return dir;
}

function shortTmpDir(): string {
  return Buffer.byteLength(join(tmpdir(), "wufen-000000000000") + SOCKET_NAME) < SOCKET_PATH_BYTES ? tmpdir() : "/tmp";
}

/** The first folder on the way to `dir`, from the root, that other users may not pass. */
function findClosedFolder(dir: string): string | undefined {
  const real = realpathSync(dir);
  const folders: string[] = [];
  for (let folder = real; ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => (statSync(folder).mode & 0o001) === 0);
}
