import type { FastifyRateLimitOptions, FastifyRateLimitStore, FastifyRateLimitStoreCtor } from "@fastify/rate-limit";
import type { RedisLink } from "@wufen/database";

/** A request waits no longer for Redis. */
const WAIT_MS = 100;
/** Addresses counted by this process alone. */
const ADDRESSES = 5000;

const COUNT = `
local count = redis.call("INCR", KEYS[1])
if count == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return {count, redis.call("PTTL", KEYS[1])}`;

interface Window {
  startedAtMs: number;
  current: number;
}

/**
 * Counts the requests of an address over all APIs of a cluster, in fixed windows. Every process counts for itself too, and the
 * higher count stands: without Redis the limit holds for each process.
 */
export function sharedRequestLimit(link: Pick<RedisLink, "evaluate">, prefix: string): FastifyRateLimitStoreCtor {
  return class SharedRequestLimit implements FastifyRateLimitStore {
    readonly #windows = new Map<string, Window>();

    incr(
      address: string,
      done: (error: Error | null, result?: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      const own = this.#count(address, windowMs);
      link.evaluate(COUNT, `${prefix}:requests:${address}`, [String(windowMs)], WAIT_MS).then(
        (answer) => {
          const [current, ttl] = Array.isArray(answer) ? answer.map(Number) : [];
          const isHigher = current !== undefined && ttl !== undefined && current > own.current;
          done(null, isHigher ? { current, ttl: Math.max(0, ttl) } : own);
        },
        () => done(null, own),
      );
    }

    child(_options: FastifyRateLimitOptions): FastifyRateLimitStore {
      return this;
    }

    #count(address: string, windowMs: number): { current: number; ttl: number } {
      const nowMs = Date.now();
      let window = this.#windows.get(address);
      if (window === undefined || nowMs - window.startedAtMs >= windowMs) {
        window = { startedAtMs: nowMs, current: 0 };
        this.#windows.delete(address);
        this.#windows.set(address, window);
        for (const oldest of this.#windows.keys()) {
          if (this.#windows.size <= ADDRESSES) break;
          this.#windows.delete(oldest);
        }
      }
      window.current++;
      return { current: window.current, ttl: window.startedAtMs + windowMs - nowMs };
    }
  };
}
