import { spawn, spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Says what is being done and how long it took. */
export async function step(title, work) {
  const started = Date.now();
  console.log(`· ${title} …`);
  await work();
  console.log(`✓ ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** A fault that the reader can act on: shown as one line, without a stack. */
export class Refusal extends Error {}

/** Runs a program to its end with its output shown. @returns its exit code */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // On Windows npm is a script that only a shell starts.
    const child = spawn(command, args, {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32" && command === "npm",
      ...options,
    });
    child.on("error", (error) => reject(new Refusal(`${command} does not start: ${error.message}`)));
    child.on("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

/** Runs a program quietly; its output is shown where it fails. */
export function runQuietly(title, command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32" && command === "npm",
    ...options,
  });
  if (status === 0) return;
  throw new Refusal(`${title} failed:\n${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trimEnd());
}

/** Runs a bootstrap's main; a refusal is one line and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error);
    process.exitCode = 1;
  }
}
