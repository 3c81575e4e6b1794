import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal } from "../refusal.ts";

/** Longest path of a unix socket that every system takes, bytes. */
const SOCKET_PATH_BYTES = 100;

/** What lies where in the data folder. */
export type DataFolder = {
  readonly dir: string;
  readonly postgresDir: string;
  readonly keysDir: string;
  readonly logsDir: string;
  readonly mapsDir: string;
  readonly tlsDir: string;
  readonly credentialsFile: string;
  readonly runFile: string;
  readonly lockFile: string;
  /** A short path of this folder alone. */
  readonly busSocket: string;
};

export function openDataFolder(dir: string): DataFolder {
  const folder: DataFolder = {
    dir,
    postgresDir: join(dir, "postgres"),
    keysDir: join(dir, "keys"),
    logsDir: join(dir, "logs"),
    mapsDir: join(dir, "maps"),
    tlsDir: join(dir, "tls"),
    credentialsFile: join(dir, "keys", "fleet.json"),
    runFile: join(dir, "run.json"),
    lockFile: join(dir, "lock"),
    busSocket: shortSocket(dir),
  };
  try {
    mkdirSync(dir, { recursive: true });
    // As root the database runs as a user of its own, who must pass through here; what is secret is closed by itself.
    chmodSync(dir, process.getuid?.() === 0 ? 0o711 : 0o700);
    for (const inner of [folder.keysDir, folder.logsDir, folder.mapsDir, folder.tlsDir]) {
      mkdirSync(inner, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal(`--data ${dir}: cannot be written (${code}); choose a folder of yours`);
  }
  return folder;
}

/** A key of 32 random bytes, hex, made at first use and the same from then on. */
export function ensureKey(folder: DataFolder, name: string): string {
  const file = join(folder.keysDir, name);
  if (!existsSync(file)) writeSecret(file, `${randomBytes(32).toString("hex")}\n`);
  const key = readFileSync(file, "utf8").trim();
  if (!/^[0-9a-f]{64}$/.test(key)) throw new Refusal(`${file} holds no key: restore it, or choose another --data`);
  return key;
}

/** Written as a whole or not at all, readable by its owner alone. */
export function writeSecret(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function shortSocket(dir: string): string {
  const id = createHash("sha256").update(dir).digest("hex").slice(0, 12);
  if (process.platform === "win32") return `\\\\.\\pipe\\wufen-bus-${id}`;
  const inData = join(dir, "bus.sock");
  if (Buffer.byteLength(inData) <= SOCKET_PATH_BYTES) return inData;
  const shortDir = join(tmpdir().length < 60 ? tmpdir() : "/tmp", `wufen-bus-${process.getuid?.() ?? 0}-${id}`);
  mkdirSync(shortDir, { recursive: true, mode: 0o700 });
  return join(shortDir, "bus.sock");
}
