import { Health } from "@wufen/contract";
import { Type } from "typebox";
import type { Parts } from "../parts.ts";
import type { Api } from "./api.ts";

export const VERSION = "0.1.0";

const Percentiles = { p50: Type.Number(), p99: Type.Number() };
const MetricsAnswer = Type.Object({
  devices: Type.Integer(),
  units: Type.Integer(),
  rowsReceived: Type.Integer(),
  catchUps: Type.Integer(),
  caughtUpRows: Type.Integer(),
  busBytes: Type.Integer(),
  feedDesks: Type.Integer(),
  feedBytes: Type.Integer(),
  feedCoalesced: Type.Integer(),
  mqttPassages: Type.Integer(),
  busDelayMs: Type.Object(Percentiles),
  eventLoopDelayMs: Type.Object({ ...Percentiles, max: Type.Number() }),
  cpuUserMs: Type.Number(),
  cpuSystemMs: Type.Number(),
  rssBytes: Type.Integer(),
  redis: Type.Optional(Type.Object({ up: Type.Boolean(), dropped: Type.Integer() })),
});

export function healthRoutes(app: Api, parts: Parts, counters: () => Counters): void {
  app.get(
    "/healthz",
    { config: { right: "open" }, schema: { tags: ["health"], summary: "Whether it works", response: { 200: Health } } },
    () => {
      const { database, brokers } = parts.isHealthy();
      const redis = parts.redis === undefined ? {} : { redis: parts.redis.isUp };
      return { ok: database && brokers, database, brokers, ...redis, version: VERSION };
    },
  );

  app.get(
    "/api/metrics-json",
    {
      config: { right: "view-metrics" },
      schema: {
        tags: ["health"],
        summary: "What the process measures of itself; ?reset=yes begins the event-loop delay anew",
        querystring: Type.Object({ reset: Type.Optional(Type.Literal("yes")) }),
        response: { 200: MetricsAnswer },
      },
    },
    ({ query }) => {
      const { live, registry, hub, metrics } = parts;
      const cpu = process.cpuUsage();
      const answer = {
        devices: registry.devices.size,
        units: registry.units.size,
        rowsReceived: live.received,
        ...counters(),
        feedDesks: hub.desks,
        feedBytes: hub.sentBytes,
        feedCoalesced: hub.coalesced,
        busDelayMs: metrics.busDelayMs(),
        eventLoopDelayMs: metrics.eventLoopDelayMs(),
        cpuUserMs: cpu.user / 1000,
        cpuSystemMs: cpu.system / 1000,
        rssBytes: process.memoryUsage.rss(),
        ...(parts.redis === undefined ? {} : { redis: { up: parts.redis.isUp, dropped: parts.redis.dropped } }),
      };
      if (query.reset === "yes") metrics.resetEventLoopDelay();
      return answer;
    },
  );
}

/** What others count for the metrics. */
export interface Counters {
  readonly catchUps: number;
  readonly caughtUpRows: number;
  readonly busBytes: number;
  readonly mqttPassages: number;
}
