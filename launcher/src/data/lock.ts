import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { sep } from "node:path";
import { isProcess } from "../process/other-processes.ts";
import { Refusal } from "../refusal.ts";

/**
 * Makes this process the only launcher of a data folder. A lock that a killed one left is taken over.
 * @returns what gives the lock back
 */
export function lockFolder(lockFile: string, dir: string): () => void {
  const script = (process.argv[1] ?? "").split(sep).slice(-2).join(sep);
  const mine = `${process.pid} ${randomBytes(8).toString("hex")} ${script}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(lockFile, mine, { flag: "wx", mode: 0o600 });
      return () => {
        if (read(lockFile) === mine) rmSync(lockFile, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [number, , theirScript = ""] = (read(lockFile) ?? "").split(" ");
    const pid = Number(number);
    if (pid > 0 && theirScript !== "" && isProcess(pid, theirScript)) {
      throw new Refusal(`Wufen already runs on ${dir} (process ${pid}): stop that one, or choose another --data`);
    }
    // Only one of several that find it stale gets to move it away.
    try {
      renameSync(lockFile, `${lockFile}.stale`);
    } catch {
      // The other one did.
    }
  }
  throw new Refusal(`another start takes ${dir} at this moment: wait until it runs, or choose another --data`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
