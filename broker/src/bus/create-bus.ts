import type { RedisLink } from "@wufen/database";
import type { Logger } from "pino";
import type { BrokerConfig } from "../config.ts";
import type { Bus, BusRepeats } from "./bus.ts";
import { BusServer } from "./bus-server.ts";
import { RedisBus } from "./redis-bus.ts";

/** The bus of the configuration: Redis where there is one, a unix socket of this machine, or none. */
export function createBus(
  config: BrokerConfig,
  log: Logger,
  link: RedisLink | undefined,
  repeats: BusRepeats,
): Bus | undefined {
  const { redisPrefix: prefix, brokerNo: broker, busSocket: path, limits } = config;
  if (link !== undefined) return new RedisBus({ link, prefix, broker, ...repeats });
  return path === undefined ? undefined : new BusServer({ path, bufferBytes: limits.busBufferBytes, log, ...repeats });
}
