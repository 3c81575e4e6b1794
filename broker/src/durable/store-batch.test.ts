import type { Fix } from "@wufen/contract";
import { describe, expect, test } from "vitest";
import { storeBatch } from "./store-batch.ts";
import type { WriterSession } from "./writer-session.ts";

const fixes = Array.from({ length: 9 }, (_, seq) => ({ seq }) as Fix);

/** A session that refuses what the rule names, as PostgreSQL does: the whole batch. */
function session(refuse: (batch: readonly Fix[], way: "copy" | "copyNew") => string | undefined) {
  const stored: number[] = [];
  const calls: string[] = [];
  const take = async (batch: readonly Fix[], way: "copy" | "copyNew") => {
    calls.push(`${way} ${batch.length}`);
    const code = refuse(batch, way);
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    const fresh = batch.map((_, i) => i).filter((i) => !stored.includes(batch[i]!.seq));
    stored.push(...fresh.map((i) => batch[i]!.seq));
    return fresh;
  };
  const fake = {
    alive: true,
    copy: (b: readonly Fix[]) => take(b, "copy"),
    copyNew: (b: readonly Fix[]) => take(b, "copyNew"),
  };
  return { session: fake as unknown as WriterSession, stored, calls };
}

const poison: number[] = [];
let made = 0;
const tools = {
  makePartitions: async () => {
    made++;
  },
  onPoison: (fix: Fix) => poison.push(fix.seq),
};

describe("storeBatch", () => {
  test("copies at once, and goes through duplicates where a row is there already [P2]", async () => {
    const fresh = session(() => undefined);
    expect(await storeBatch(fresh.session, fixes, false, tools)).toEqual({ stored: "all", poisoned: [] });
    const dup = session((_, way) => (way === "copy" ? "23505" : undefined));
    dup.stored.push(3);
    expect(await storeBatch(dup.session, fixes, false, tools)).toEqual({
      stored: [0, 1, 2, 4, 5, 6, 7, 8],
      poisoned: [],
    });
    expect(dup.calls).toEqual(["copy 9", "copyNew 9"]);
  });

  test("does not try the cheap way where the batch may be stored already", async () => {
    const retry = session(() => undefined);
    await storeBatch(retry.session, fixes, true, tools);
    expect(retry.calls).toEqual(["copyNew 9"]);
  });

  test("makes partitions where one is missing, once", async () => {
    made = 0;
    const late = session(() => (made === 0 ? "23514" : undefined));
    await storeBatch(late.session, fixes, false, tools);
    expect([made, late.calls]).toEqual([1, ["copy 9", "copy 9"]]);
  });

  test("a row the database never takes does not hold up the others", async () => {
    const bad = session((batch) => (batch.some(({ seq }) => seq === 6) ? "22003" : undefined));
    expect(await storeBatch(bad.session, fixes, false, tools)).toEqual({
      stored: [0, 1, 2, 3, 4, 5, 7, 8],
      poisoned: [6],
    });
    expect(poison).toEqual([6]);
    expect([...bad.stored].sort()).toEqual([0, 1, 2, 3, 4, 5, 7, 8]);
  });

  test("throws where the server is in trouble or away: then nothing is known", async () => {
    for (const code of ["57P01", "53100", "ECONNRESET"]) {
      await expect(storeBatch(session(() => code).session, fixes, false, tools)).rejects.toThrow(code);
    }
  });
});
