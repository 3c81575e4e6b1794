import type { FastifyRateLimitStoreCtor } from "@fastify/rate-limit";
import { RedisLink } from "@wufen/database";
import type { Logger } from "pino";
import type { BusHooks, BusSource } from "./bus-source.ts";
import { RedisBusReader } from "./redis-bus-reader.ts";
import { sharedRequestLimit } from "./shared-request-limit.ts";
import { SharedSignInLimits } from "./shared-sign-in-limits.ts";

/** What several APIs share over Redis. */
export interface Cluster {
  readonly link: RedisLink;
  readonly bus: BusSource;
  readonly signInLimits: SharedSignInLimits;
  readonly requestLimit: FastifyRateLimitStoreCtor;
}

/** Connects to Redis. @throws RedisRefused where it cannot be used */
export async function joinCluster(
  { url, prefix }: { readonly url: string; readonly prefix: string },
  hooks: BusHooks,
  log: Logger,
  now: () => number,
): Promise<Cluster> {
  let open: RedisLink | undefined;
  const bus = new RedisBusReader(prefix, hooks, log);
  const signInLimits = new SharedSignInLimits(prefix, (channel, text) => void open?.publish(channel, text), now);
  const link = await RedisLink.open({ url, name: "wufen-dispatch-api", log }, [bus.listener, signInLimits.listener]);
  open = link;
  bus.follow(link);
  return { link, bus, signInLimits, requestLimit: sharedRequestLimit(link, prefix) };
}
