import type { Fix } from "@wufen/contract";
import type { WriterSession } from "./writer-session.ts";

export interface StoredBatch {
  /** Places of the rows that were really inserted, ascending; the others were there already [P2]. */
  readonly stored: readonly number[] | "all";
  /** Places of rows the database will never take: a fault of ours. */
  readonly poisoned: readonly number[];
}

/** How the database refuses. */
const UNIQUE_VIOLATION = "23505";
const NO_PARTITION = "23514";

export interface StoreTools {
  /** Makes the partitions the rows need. */
  readonly makePartitions: (fixes: readonly Fix[]) => Promise<void>;
  readonly onPoison: (fix: Fix, error: Error) => void;
}

/**
 * Stores a batch: the cheap way, which fails as a whole where a row is there already, then the way through duplicates.
 * Throws where the database is away; then nothing is known about the batch.
 */
export async function storeBatch(
  session: WriterSession,
  fixes: readonly Fix[],
  maybeStored: boolean,
  tools: StoreTools,
): Promise<StoredBatch> {
  const attempts = maybeStored ? [viaDuplicates] : [direct, viaDuplicates];
  let made = false;
  for (let i = 0; i < attempts.length; i++) {
    try {
      return { stored: await attempts[i]!(session, fixes), poisoned: [] };
    } catch (error) {
      const code = sqlState(error);
      if (!session.alive || code === undefined) throw error;
      if (code === NO_PARTITION && !made) {
        made = true;
        await tools.makePartitions(fixes);
        i--;
      } else if (code === UNIQUE_VIOLATION && i < attempts.length - 1) {
      } else if (isData(code)) {
        return await storeHalves(session, fixes, tools, error as Error);
      } else throw error;
    }
  }
  throw new Error("a batch has no way left");
}

async function direct(session: WriterSession, fixes: readonly Fix[]): Promise<"all"> {
  await session.copy(fixes);
  return "all";
}

function viaDuplicates(session: WriterSession, fixes: readonly Fix[]): Promise<number[]> {
  return session.copyNew(fixes);
}

/** One row that the database cannot take must not hold up the others. */
async function storeHalves(
  session: WriterSession,
  fixes: readonly Fix[],
  tools: StoreTools,
  error: Error,
): Promise<StoredBatch> {
  if (fixes.length === 1) {
    tools.onPoison(fixes[0]!, error);
    return { stored: [], poisoned: [0] };
  }
  const middle = fixes.length >> 1;
  const left = await storeBatch(session, fixes.slice(0, middle), true, tools);
  const right = await storeBatch(session, fixes.slice(middle), true, tools);
  const shift = (places: readonly number[]) => places.map((place) => place + middle);
  return {
    stored: [...all(left, middle), ...shift(all(right, fixes.length - middle))],
    poisoned: [...left.poisoned, ...shift(right.poisoned)],
  };
}

function all(batch: StoredBatch, length: number): readonly number[] {
  return batch.stored === "all" ? Array.from({ length }, (_, i) => i) : batch.stored;
}

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Classes “data exception” and “integrity constraint violation”. */
function isData(code: string): boolean {
  return code.startsWith("22") || code.startsWith("23");
}
