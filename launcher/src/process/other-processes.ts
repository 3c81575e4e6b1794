import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const STOP_LIMIT_MS = 6_000;
const POLL_MS = 25;

/** Whether process `pid` lives and its command line holds `word`: after a restart of the machine a number may be anyone's. */
export function isProcess(pid: number, word: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    if (process.platform === "linux") {
      // A process that ended and that nobody waited for has an empty command line.
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
    }
    if (process.platform === "win32") return true;
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).includes(word);
  } catch {
    return false;
  }
}

/** Ends processes that an earlier start left behind: asks, and after a while ends them without asking. */
export async function endProcesses(found: readonly { readonly pid: number; readonly word: string }[]): Promise<void> {
  const started = Date.now();
  for (const { pid } of found) signal(pid, "SIGTERM");
  let forced = false;
  while (found.some(({ pid, word }) => isProcess(pid, word))) {
    if (!forced && Date.now() - started > STOP_LIMIT_MS) {
      forced = true;
      for (const { pid, word } of found) if (isProcess(pid, word)) signal(pid, "SIGKILL");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
