import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** How long a server that an earlier start left behind may take to stop before it is told so more firmly, ms. */
const FAST_SHUTDOWN_MS = 5_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** What a running server says about itself; undefined where no server, or one that died, wrote nothing readable. */
export function readPostmasterPid(clusterDir: string): { readonly pid: number; readonly status: string } | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(clusterDir, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? "").trim() } : undefined;
}

/** Whether process `pid` is the server of `clusterDir`: after a restart of the machine the number may be anyone's. */
export function isServerOf(pid: number, clusterDir: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === "linux") {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === clusterDir && /postgres/.test(readFileSync(`/proc/${pid}/comm`, "utf8"))
      );
    }
    if (process.platform === "win32") return false;
    const command = execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return command.includes("postgres") && command.includes(clusterDir);
  } catch {
    return false;
  }
}

/**
 * Stops the server that a killed start left running on `clusterDir`.
 * @throws where it still runs after 10 s
 */
export async function stopLeftoverServer(clusterDir: string, log: (line: string) => void): Promise<void> {
  const found = readPostmasterPid(clusterDir);
  if (found === undefined || !isServerOf(found.pid, clusterDir)) return;
  log(`stopping the PostgreSQL that an earlier start left running (process ${found.pid})`);
  await stopServer(found.pid, () => isServerOf(found.pid, clusterDir));
}

/** Fast shutdown, then immediate shutdown, then an end without asking. */
export async function stopServer(pid: number, isRunning: () => boolean): Promise<void> {
  const started = Date.now();
  signal(pid, "SIGINT");
  let firm = false;
  while (isRunning()) {
    const waitedMs = Date.now() - started;
    if (waitedMs > STOP_LIMIT_MS) {
      signal(pid, "SIGKILL");
      throw new Error(`PostgreSQL (process ${pid}) did not stop within ${STOP_LIMIT_MS / 1000} s and was killed`);
    }
    if (waitedMs > FAST_SHUTDOWN_MS && !firm) {
      firm = true;
      signal(pid, "SIGQUIT");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
