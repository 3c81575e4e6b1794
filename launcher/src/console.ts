/** What the person at the terminal sees. */
export type Console = {
  readonly say: (line: string) => void;
  /** Shows that `title` is being done, then how long it took. `work` may answer with a remark. */
  step<Result>(title: string, work: () => Promise<Result>, remark?: (result: Result) => string): Promise<Result>;
};

export function createConsole(write: (line: string) => void, nowMs: () => number): Console {
  return {
    say: write,
    async step(title, work, remark) {
      const startedMs = nowMs();
      write(`· ${title} …`);
      const result = await work();
      const text = remark?.(result);
      write(`✓ ${title}${text === undefined ? "" : `: ${text}`} (${((nowMs() - startedMs) / 1000).toFixed(1)} s)`);
      return result;
    },
  };
}
