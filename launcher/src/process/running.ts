/** A started process, whatever it is. */
export type Running = {
  readonly pid: number;
  /** Resolves when it has ended, asked or not. */
  readonly ended: Promise<Ending>;
  /** Asks it to end, and sees to it. */
  stop(): Promise<void>;
};

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
