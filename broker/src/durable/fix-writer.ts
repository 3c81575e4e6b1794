import type { Fix } from "@wufen/contract";
import type { Logger } from "pino";
import type { Limits } from "../config.ts";
import type { QueuedFix } from "./queued-fix.ts";
import { storeBatch } from "./store-batch.ts";
import type { Ticket } from "./ticket.ts";
import { SupersededError, type WriterSession } from "./writer-session.ts";

const RECONNECT_PAUSE_MS = 250;
const SWEEP_MS = 250;

export interface FixWriterTools {
  readonly limits: Pick<Limits, "batchDelayMs" | "batchRows" | "commitWaitMs" | "waiting">;
  readonly log: Logger;
  nowMs(): number;
  /** Opens a connection with a new epoch; `lastEpoch` is 0 at the first call. */
  openSession(lastEpoch: number, onEnd: () => void): Promise<WriterSession>;
  makePartitions(fixes: readonly Fix[]): Promise<void>;
  /** A new epoch begins; whoever reads the bus must hear of it before its first row. */
  onEpoch(session: WriterSession): void;
  /** Rows really inserted, in the order of their numbers; called before any ticket is settled. */
  onStored(session: WriterSession, firstN: number, fixes: readonly Fix[]): void;
  onDuplicate(queued: QueuedFix): void;
  /** A QoS 0 fix was dropped because the database is away [P9]. */
  onDropped(queued: QueuedFix): void;
  onPoison(fix: Fix, error: Error): void;
  onCommit(rows: number, tookMs: number): void;
  /** Room again after {@link FixWriter.isFull}. */
  onRoom(): void;
  onFatal(error: Error): void;
}

/** Gathers fixes into batches and commits one batch at a time; whoever waits is told after the commit [P7]. */
export class FixWriter {
  readonly #tools: FixWriterTools;
  #session: WriterSession | undefined;
  #queue: QueuedFix[] = [];
  #queuedAtMs = 0;
  #waiting = 0;
  #last = { epoch: 0, lastN: 0 };
  #batch: QueuedFix[] = [];
  #commitSinceMs: number | undefined;
  #wasFull = false;
  #isAway = false;
  #stopping = false;
  #wake: () => void = () => undefined;
  readonly #tickets = new Set<Ticket>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #ready = deferred();
  readonly #loop: Promise<void>;

  constructor(tools: FixWriterTools) {
    this.#tools = tools;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#loop = this.#run().catch((error: Error) => tools.onFatal(error));
  }

  /** False while the database does not take fixes [P9]. */
  get isUp(): boolean {
    const stuckMs = this.#commitSinceMs === undefined ? 0 : this.#tools.nowMs() - this.#commitSinceMs;
    return this.#session?.alive === true && stuckMs < this.#tools.limits.commitWaitMs / 2;
  }

  get isFull(): boolean {
    const full = this.#stopping || this.#waiting >= this.#tools.limits.waiting;
    this.#wasFull ||= full;
    return full;
  }

  /** What heartbeats say, also while there is no connection: the last n known to be committed. */
  get lastCommitted(): { readonly epoch: number; readonly lastN: number } {
    if (this.#session !== undefined) this.#last = { epoch: this.#session.epoch, lastN: this.#session.lastN };
    return this.#last;
  }

  /** Resolves when the first connection is there. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Tickets that wait. */
  get waiting(): number {
    return this.#tickets.size;
  }

  /** Takes the fixes of one message; `ticket` is settled when all of them are durable. */
  submit(fixes: readonly QueuedFix[], ticket: Ticket | undefined): void {
    if (ticket !== undefined) this.#tickets.add(ticket);
    else if (!this.isUp || this.isFull) {
      for (const queued of fixes) this.#tools.onDropped(queued);
      return;
    }
    if (this.#queue.length === 0) this.#queuedAtMs = this.#tools.nowMs();
    for (const queued of fixes) this.#queue.push(queued);
    this.#waiting += fixes.length;
    if (this.#queue.length === fixes.length || this.#queue.length >= this.#tools.limits.batchRows) this.#wake();
  }

  /** Commits what waits, then ends; what cannot be committed in `graceMs` is given up. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#wake();
    const giveUp = setTimeout(() => {
      for (const ticket of [...this.#tickets]) this.#settle(ticket, false);
      this.#queue = [];
      this.#session?.destroy();
      this.#wake();
    }, graceMs);
    await this.#loop;
    clearTimeout(giveUp);
    clearInterval(this.#sweeper);
    await this.#session?.end().catch(() => undefined);
  }

  async #run(): Promise<void> {
    let maybeStored = false;
    for (;;) {
      if (this.#batch.length === 0) {
        maybeStored = false;
        await this.#gather();
        if (this.#stopping && this.#batch.length === 0 && this.#queue.length === 0) return;
      }
      const session = await this.#openSession();
      if (session === undefined) {
        if (this.#stopping && this.#tickets.size === 0) return;
        continue;
      }
      if (this.#batch.length === 0) continue;
      this.#commitSinceMs = this.#tools.nowMs();
      try {
        await this.#commit(session, maybeStored);
        this.#batch = [];
      } catch (error) {
        this.#tools.log.warn({ err: error, rows: this.#batch.length }, "commit failed; trying again");
        maybeStored = true;
        // The answer is unknown or the server is in trouble: a new connection, a new epoch.
        session.destroy();
        this.#forgetSession();
        this.#commitSinceMs = undefined;
        this.#keepOnlyAwaited();
        await this.#sleep(RECONNECT_PAUSE_MS);
      } finally {
        this.#commitSinceMs = undefined;
      }
    }
  }

  /** Waits until there is something to do: a batch that is due, a connection that is gone, the end. */
  async #gather(): Promise<void> {
    const { batchDelayMs, batchRows } = this.#tools.limits;
    while (!this.#stopping && this.#session?.alive === true) {
      if (this.#queue.length === 0) await this.#sleep(undefined);
      else {
        const restMs = this.#queuedAtMs + batchDelayMs - this.#tools.nowMs();
        if (restMs <= 0 || this.#queue.length >= batchRows) break;
        await this.#sleep(restMs);
      }
    }
    const queue = this.#queue;
    const end = endOfBatch(queue, batchRows);
    this.#queue = queue.slice(end);
    this.#batch = queue.length === end ? queue : queue.slice(0, end);
  }

  #sleep(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#wake(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  async #openSession(): Promise<WriterSession | undefined> {
    if (this.#session?.alive === true) return this.#session;
    this.#forgetSession();
    try {
      const session = await this.#tools.openSession(this.lastCommitted.epoch, () => this.#wake());
      this.#session = session;
      if (this.#isAway) this.#tools.log.info({ epoch: session.epoch }, "the database is back");
      this.#isAway = false;
      this.#tools.onEpoch(session);
      this.#ready.resolve();
      return session;
    } catch (error) {
      if (error instanceof SupersededError) throw error;
      if (!this.#isAway) this.#tools.log.warn({ err: error }, "the database is away; trying again until it is back");
      this.#isAway = true;
      await this.#sleep(RECONNECT_PAUSE_MS);
      return undefined;
    }
  }

  #forgetSession(): void {
    this.#last = this.lastCommitted;
    this.#session = undefined;
  }

  async #commit(session: WriterSession, maybeStored: boolean): Promise<void> {
    const batch = this.#batch;
    const fresh = withoutRepeats(batch);
    const fixes = fresh.map(({ fix }) => fix);
    const firstN = session.lastN + 1;
    const startedMs = performance.now();
    if (fixes.length > 0) {
      const { stored, poisoned } = await storeBatch(session, fixes, maybeStored, this.#tools);
      this.#tools.onCommit(fixes.length, performance.now() - startedMs);
      const inserted = stored === "all" ? fixes : stored.map((place) => fixes[place]!);
      if (inserted.length > 0) this.#tools.onStored(session, firstN, inserted);
      const isStored = new Set(inserted);
      const isPoisoned = new Set(poisoned.map((place) => fixes[place]!));
      for (const queued of fresh) {
        if (isPoisoned.has(queued.fix)) continue;
        queued.device.recent.add(queued.fix.fixedAtMs, queued.fix.seq);
        if (!isStored.has(queued.fix)) this.#tools.onDuplicate(queued);
      }
    }
    if (fresh.length < batch.length) {
      const isFresh = new Set(fresh);
      for (const queued of batch) if (!isFresh.has(queued)) this.#tools.onDuplicate(queued);
    }
    this.#leave(batch.length);
    for (const { ticket } of batch) if (ticket !== undefined) this.#settle(ticket, true);
  }

  /** After a failure QoS 0 is dropped, and so is what nobody waits for any longer [P9]. */
  #keepOnlyAwaited(): void {
    const keep = (queued: QueuedFix) => {
      if (queued.ticket === undefined) this.#tools.onDropped(queued);
      return queued.ticket !== undefined && !queued.ticket.settled;
    };
    const before = this.#batch.length + this.#queue.length;
    this.#batch = this.#batch.filter(keep);
    this.#queue = this.#queue.filter(keep);
    this.#leave(before - this.#batch.length - this.#queue.length);
  }

  #sweep(): void {
    const nowMs = this.#tools.nowMs();
    const { commitWaitMs } = this.#tools.limits;
    let expired = false;
    // In the order of their receipt, so the first that may wait longer ends the walk.
    for (const ticket of this.#tickets) {
      if (nowMs - ticket.receivedAtMs < commitWaitMs) break;
      this.#settle(ticket, false);
      expired = true;
    }
    if (expired && this.#commitSinceMs === undefined) this.#keepOnlyAwaited();
    if (this.#commitSinceMs !== undefined && nowMs - this.#commitSinceMs > commitWaitMs) this.#session?.destroy();
  }

  #settle(ticket: Ticket, durable: boolean): void {
    if (ticket.settled) return;
    ticket.settled = true;
    this.#tickets.delete(ticket);
    ticket.settle(durable);
  }

  #leave(rows: number): void {
    this.#waiting -= rows;
    if (this.#wasFull && this.#waiting < this.#tools.limits.waiting / 2) {
      this.#wasFull = false;
      this.#tools.onRoom();
    }
  }
}

/** [P7] A message's fixes stay in one batch: the commit of the batch is what acknowledges it. */
function endOfBatch(queue: readonly QueuedFix[], batchRows: number): number {
  let end = Math.min(queue.length, batchRows);
  while (
    end > 0 &&
    end < queue.length &&
    queue[end]!.ticket !== undefined &&
    queue[end]!.ticket === queue[end - 1]!.ticket
  )
    end++;
  return end;
}

/** [P2] Within the batch, and against what was stored a moment ago. */
function withoutRepeats(batch: readonly QueuedFix[]): QueuedFix[] {
  const seen = new Map<number, Set<string>>();
  return batch.filter(({ fix, device }) => {
    if (device.recent.has(fix.fixedAtMs, fix.seq)) return false;
    const key = `${fix.fixedAtMs}/${fix.seq}`;
    const keys = seen.get(fix.deviceNo);
    if (keys === undefined) seen.set(fix.deviceNo, new Set([key]));
    else if (keys.has(key)) return false;
    else keys.add(key);
    return true;
  });
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
