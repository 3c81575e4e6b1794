import { expect, test } from "vitest";
import type { Ending, Running } from "./running.ts";
import { supervise } from "./supervisor.ts";

/** A process that ends when told. */
function createFake(pid: number): Running & { end(ending: Ending): void } {
  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  return { pid, ended, end, stop: async () => end({ code: 0, signal: null }) };
}

test("what ends unasked is started again, also when the next start fails; what is stopped stays stopped", async () => {
  const fakes: ReturnType<typeof createFake>[] = [];
  const said: string[] = [];
  let failures = 1;
  let onStarted: () => void = () => undefined;
  const start = async () => {
    if (fakes.length === 1 && failures-- > 0) throw new Error("port taken");
    const fake = createFake(100 + fakes.length);
    fakes.push(fake);
    return fake;
  };
  const starts: number[] = [];
  const supervised = await supervise(
    "broker",
    start,
    (line) => said.push(line),
    (_, __, startNo) => {
      starts.push(startNo);
      onStarted();
    },
  );
  expect(supervised.pid).toBe(100);

  const again = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  fakes[0]?.end({ code: null, signal: "SIGKILL" });
  await again;
  expect(supervised.pid).toBe(101);
  expect(starts).toEqual([1, 2]);
  expect(said[0]).toContain("broker (process 100) ended with signal SIGKILL");
  expect(said).toContain("port taken");

  await supervised.stop();
  expect(fakes).toHaveLength(2);
  expect(supervised.pid).toBeUndefined();
});

test("a stop during the pause before a restart ends at once, and nothing is started any more", async () => {
  let started = 0;
  const fake = createFake(1);
  let onSaid: () => void = () => undefined;
  const said = new Promise<void>((resolve) => {
    onSaid = resolve;
  });
  const supervised = await supervise(
    "api",
    async () => {
      started++;
      return fake;
    },
    () => onSaid(),
    () => undefined,
  );
  fake.end({ code: 1, signal: null });
  await said;
  await supervised.stop();
  expect(started).toBe(1);
});
