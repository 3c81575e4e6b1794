import type { FastifyRateLimitStoreCtor } from "@fastify/rate-limit";
import type { RedisLink } from "@wufen/database";
import type { Logger } from "pino";
import type { BrokerClient } from "./adapters/broker-client.ts";
import type { Sql } from "./adapters/database.ts";
import type { FixHistory } from "./adapters/fix-history.ts";
import type { MapTiles } from "./adapters/map-tiles.ts";
import type { PersonStore } from "./adapters/person-store.ts";
import type { RegistryStore } from "./adapters/registry-store.ts";
import type { SessionStore } from "./adapters/session-store.ts";
import type { Config } from "./config.ts";
import type { SignInLimits } from "./domain/sign-in-limits.ts";
import type { TravelTimeModel } from "./domain/travel-time-model.ts";
import type { FeedHub } from "./live/feed-hub.ts";
import type { LiveState } from "./live/live-state.ts";
import type { Registry, RegistryChange } from "./live/registry.ts";
import type { Metrics } from "./metrics.ts";

/** What the routes work with; made once by the server. */
export interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  readonly sql: Sql;
  readonly live: LiveState;
  readonly registry: Registry;
  readonly registryStore: RegistryStore;
  readonly hub: FeedHub;
  readonly sessions: SessionStore;
  readonly persons: PersonStore;
  readonly history: FixHistory;
  readonly broker: BrokerClient;
  readonly tiles: MapTiles | undefined;
  readonly model: TravelTimeModel;
  readonly metrics: Metrics;
  /** Takes over what the database now says of some rows, and tells the desks. */
  changeRegistry(change: Partial<RegistryChange>): void;
  /** Lets the desks of a session go. */
  endSession(sessionId: string): void;
  readonly signInLimits: Pick<SignInLimits, "begin" | "failed" | "succeeded">;
  /** Undefined: one API alone. */
  readonly redis: RedisLink | undefined;
  /** Counts requests over all APIs; undefined: each for itself. */
  readonly requestLimit: FastifyRateLimitStoreCtor | undefined;
  /** Whether the database and every broker answer. */
  isHealthy(): { readonly database: boolean; readonly brokers: boolean };
}
