import { describeEnding, type Running } from "./running.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A process that ran this long had no trouble starting: its next pause is the first again. */
const SETTLED_MS = 30_000;

export type Supervised = {
  readonly name: string;
  /** Where it runs now; undefined while it is being started again. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
};

/** Told of every start, with the number of the start of this name: 1, 2, 3 … */
export type OnStart = (name: string, pid: number, startNo: number) => void;

/**
 * Keeps a process running: what ends unasked is started again, after 0.1 s at first and at most 5 s.
 * The first start must succeed; its fault is the caller's.
 */
export async function supervise(
  name: string,
  start: () => Promise<Running>,
  say: (line: string) => void,
  onStart: OnStart,
): Promise<Supervised> {
  let running: Running | undefined;
  let startNo = 0;
  let stopping = false;
  let wake: (() => void) | undefined;
  let over: Promise<void> = Promise.resolve();

  const begin = async () => {
    const startedAtMs = Date.now();
    const started = await start();
    running = started;
    startNo++;
    onStart(name, started.pid, startNo);
    over = keep(started, startedAtMs);
    return started;
  };
  const keep = async (current: Running, startedAtMs: number) => {
    const ending = await current.ended;
    running = undefined;
    if (stopping) return;
    say(`${name} (process ${current.pid}) ended with ${describeEnding(ending)}: starting it again`);
    let pauseMs = FIRST_PAUSE_MS;
    if (Date.now() - startedAtMs < SETTLED_MS) pauseMs *= Math.min(2 ** (startNo - 1), 64);
    while (!stopping) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, Math.min(pauseMs, LONGEST_PAUSE_MS));
      });
      if (stopping) return;
      try {
        const started = await begin();
        // Asked to stop while it was starting.
        if (stopping) return started.stop();
        say(`${name} runs again (process ${started.pid})`);
        return;
      } catch (error) {
        say((error as Error).message);
        pauseMs *= 2;
      }
    }
  };
  await begin();
  return {
    name,
    get pid() {
      return running?.pid;
    },
    async stop() {
      stopping = true;
      wake?.();
      await running?.stop();
      await over;
    },
  };
}
