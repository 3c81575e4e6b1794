import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";

/** Who a process runs as, as node:child_process takes it. */
export type SystemUser = { readonly uid: number; readonly gid: number };

/** Between the accounts of people (from 1000) and those the system gives out by itself (from 60000 on Debian, 61184 by systemd). */
const FIRST_UID = 58_000;
const UID_COUNT = 1_000;

/**
 * The user the server runs as. PostgreSQL refuses root, so as root each data folder gets a user number of its own, which
 * needs no entry in /etc/passwd; undefined: run as we are.
 */
export function serverUser(clusterDir: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existsSync(clusterDir)) {
    const { uid, gid } = statSync(clusterDir);
    if (uid !== 0) return { uid, gid };
  }
  const taken = new Set([...listNumbers("/etc/passwd"), ...listNumbers("/etc/group")]);
  const first = createHash("sha256").update(clusterDir).digest().readUInt16LE(0) % UID_COUNT;
  for (let step = 0; step < UID_COUNT; step++) {
    const uid = FIRST_UID + ((first + step) % UID_COUNT);
    if (!taken.has(uid)) return { uid, gid: uid };
  }
  throw new Error(`every user number from ${FIRST_UID} to ${FIRST_UID + UID_COUNT - 1} is taken in /etc/passwd`);
}

/** The user that makes the cluster: initdb wants one with an entry in /etc/passwd. */
export function initialUser(server: SystemUser | undefined): SystemUser | undefined {
  if (server === undefined) return undefined;
  const entries = readAccounts("/etc/passwd");
  for (const name of ["nobody", "postgres", "daemon"]) {
    const entry = entries.find((fields) => fields[0] === name);
    const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
    if (Number.isInteger(uid) && Number.isInteger(gid) && uid > 0) return { uid, gid };
  }
  throw new Error("no user nobody, postgres or daemon in /etc/passwd: add one, or do not start as root");
}

function listNumbers(file: string): number[] {
  return readAccounts(file).map((fields) => Number(fields[2]));
}

function readAccounts(file: string): string[][] {
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"))
    : [];
}
