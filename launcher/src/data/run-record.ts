import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { endProcesses, isProcess } from "../process/other-processes.ts";

/** One start of one process; the script's name tells it from another process that has its number later. */
type Entry = { readonly pid: number; readonly startId: string; readonly startNo: number; readonly word: string };

/** Which processes run on a data folder, on disk, so that a start after kill -9 finds what is left of the last. */
export class RunRecord {
  readonly #file: string;
  #processes: Record<string, Entry> = {};

  constructor(file: string) {
    this.#file = file;
  }

  /** Ends what an earlier start left running. The database is not among it: its own start looks after that. */
  async endLeftovers(say: (line: string) => void): Promise<void> {
    const left = Object.entries(readEntries(this.#file)).filter(([, { pid, word }]) => isProcess(pid, word));
    if (left.length === 0) return;
    say(`ending what an earlier start left running: ${left.map(([name, { pid }]) => `${name} (${pid})`).join(", ")}`);
    await endProcesses(left.map(([, entry]) => entry));
  }

  add(name: string, pid: number, startNo: number, word: string): void {
    this.#processes[name] = { pid, startId: randomBytes(6).toString("hex"), startNo, word };
    this.#write();
  }

  clear(): void {
    this.#processes = {};
    this.#write();
  }

  #write(): void {
    const text = JSON.stringify({ launcherPid: process.pid, processes: this.#processes }, undefined, 1);
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function readEntries(file: string): Record<string, Entry> {
  if (!existsSync(file)) return {};
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { processes: Record<string, Entry> }).processes;
  } catch {
    return {};
  }
}
