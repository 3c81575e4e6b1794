import type { Logger } from "pino";

/** Runs every `ms`; answers how to stop it. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** Runs again `ms` after it ended; a failure is logged and tried again. Answers how to stop it. */
export function everyAwaited(ms: number, run: () => Promise<unknown>, log: Logger): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = () => {
    if (!stopped) timer = setTimeout(go, ms);
  };
  const go = () => {
    run()
      .catch((error: unknown) => log.warn({ err: error }, "will be tried again"))
      .finally(next);
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
