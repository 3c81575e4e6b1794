import { CLUSTER_PREFIX_DEFAULT, CLUSTER_PREFIX_PATTERN, LIMITS } from "@wufen/contract";
import { levels } from "pino";
import { type Static, type TObject, Type } from "typebox";
import { Value } from "typebox/value";

const count = (fallback: number, description: string) => Type.Integer({ minimum: 1, default: fallback, description });
const port = (description: string, fallback?: number) =>
  Type.Integer({ minimum: 0, maximum: 65_535, description, ...(fallback === undefined ? {} : { default: fallback }) });

/** Named limits; each is `WUFEN_LIMIT_` and its name in capitals. */
const Limits = Type.Object({
  connections: count(100_000, "connections in all"),
  connectionsPerAddress: count(10_000, "connections of one address; phones behind one carrier share theirs"),
  connectsPerAddressPerSecond: count(500, "new connections a second of one address"),
  connectBurstPerAddress: count(10_000, "new connections of one address at once"),
  packetBytes: Type.Integer({
    minimum: 256,
    maximum: 65_536,
    default: LIMITS.packetBytes,
    description: "MQTT packet or HTTP body",
  }),
  publishesPerSecond: count(20, "packets a second of one device, publishes above all"),
  publishBurst: count(200, "packets of one device at once"),
  waitingPerDevice: count(16, "publishes of one device that wait for their commit"),
  waiting: count(50_000, "publishes in all that wait for their commit"),
  subscriptionsPerDevice: count(8, "subscriptions of one device"),
  connectTimeoutMs: count(10_000, "from the socket to CONNECT"),
  drainTimeoutMs: count(8000, "longest wait for a reader that does not read"),
  commitWaitMs: count(LIMITS.commitWaitMs, "longest wait of a QoS 1 publish for the database [P9]"),
  batchDelayMs: Type.Integer({
    minimum: 0,
    maximum: 50,
    default: 20,
    description: "longest wait of a fix for its batch while no commit is under way",
  }),
  batchRows: count(4096, "rows of one commit"),
  commandQueue: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 16,
    description: "commands kept for a device that is away",
  }),
  commandAgeMs: count(3_600_000, "age at which a kept command is dropped"),
  flapsPerMinute: count(15, "connects of one device in a minute before it is banned"),
  flapBanMs: count(300_000, "length of that ban"),
  busBufferBytes: count(33_554_432, "bytes waiting for a slow bus reader before it is cut"),
  refusalFlushMs: count(3000, "between two writes of counted refusals"),
  refusalKeys: count(50_000, "pairs of device and reason counted between two writes"),
  eventLoopDelayMs: count(1000, "event-loop delay at which new connections are turned away"),
  futureSkewMs: count(LIMITS.futureSkewMs, "how far in the future a fix may lie [P4]"),
});
export type Limits = Static<typeof Limits>;

/** Settings; each is `WUFEN_` and its name in capitals, but DATABASE_URL and REDIS_URL. */
const Settings = Type.Object({
  databaseUrl: Type.String({ minLength: 1, description: "postgres://…" }),
  log: Type.Enum([...Object.keys(levels.values), "silent"], {
    default: "info",
    description: "from what level on the log is written",
  }),
  brokerNo: Type.Integer({
    minimum: 0,
    maximum: 32_767,
    default: 1,
    description: "one number for each broker on a database",
  }),
  mqttHost: Type.String({ minLength: 1, default: "127.0.0.1", description: "address to listen on" }),
  mqttPort: port("0 picks one", 1883),
  mqttsPort: Type.Optional(port("unset: no TLS")),
  tlsCert: Type.Optional(Type.String({ minLength: 1, description: "PEM file" })),
  tlsKey: Type.Optional(Type.String({ minLength: 1, description: "PEM file" })),
  proxyProtocol: Type.Enum(["yes", "no"], {
    default: "no",
    description: "yes where a balancer that says the client's address first is all that reaches the MQTT ports",
  }),
  loopbackHost: Type.String({
    minLength: 1,
    default: "127.0.0.1",
    description: "address of the API's way in; another than loopback only on a network of our own",
  }),
  loopbackPort: port("0 picks one", 1884),
  proxyKey: Type.Optional(Type.String({ minLength: 16, description: "the key the API shows" })),
  deviceKey: Type.String({ pattern: "^([0-9a-fA-F]{2}){32,}$", description: "hex, at least 32 bytes" }),
  busSocket: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: "path of the bus's unix socket" })),
  redisUrl: Type.Optional(
    Type.String({
      pattern: "^rediss?://[^/?#]",
      description: "redis://user:password@host:port; with it the bus and the commands of several brokers go over Redis",
    }),
  ),
  redisPrefix: Type.String({
    pattern: CLUSTER_PREFIX_PATTERN,
    default: CLUSTER_PREFIX_DEFAULT,
    description: "one for each cluster on a Redis: up to 40 of A-Z a-z 0-9 _ -",
  }),
  retentionDays: Type.Integer({
    minimum: 1,
    maximum: 3650,
    default: 30,
    description: "age of the oldest fix that is kept",
  }),
});

/** Names that other programs use too. */
const BARE: Readonly<Record<string, string>> = { databaseUrl: "DATABASE_URL", redisUrl: "REDIS_URL" };

export type BrokerConfig = Static<typeof Settings> & { readonly limits: Limits };
export type ConfigResult =
  | { readonly ok: true; readonly config: BrokerConfig }
  | { readonly ok: false; readonly problems: string[] };

/** Reads the whole configuration; every problem is listed, each with its variable, value and remedy. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: string[] = [];
  const settings = readGroup(Settings, (name) => BARE[name] ?? `WUFEN_${capitals(name)}`, env, problems);
  const limits = readGroup(Limits, (name) => `WUFEN_LIMIT_${capitals(name)}`, env, problems);
  if (settings.mqttsPort !== undefined && (settings.tlsCert === undefined || settings.tlsKey === undefined)) {
    problems.push(`WUFEN_MQTTS_PORT=${settings.mqttsPort} needs WUFEN_TLS_CERT and WUFEN_TLS_KEY, two PEM files`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: { ...settings, limits } };
}

function readGroup<S extends TObject>(
  schema: S,
  variable: (name: string) => string,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Static<S> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.properties)) {
    const value = env[variable(name)];
    if (value !== undefined && value !== "") given[name] = value;
  }
  const value = Value.Convert(schema, Value.Default(schema, given));
  for (const error of Value.Errors(schema, value)) {
    const missing =
      error.keyword === "required" ? (error.params as { requiredProperties: string[] }).requiredProperties : [];
    for (const name of missing) problems.push(`${variable(name)} is not set: ${describe(schema, name)}`);
    const name = error.instancePath.split("/")[1];
    if (name === undefined || name === "") continue;
    const shown = /KEY$|_URL$/.test(variable(name)) ? "(hidden)" : env[variable(name)];
    const rule =
      error.keyword === "enum"
        ? `must be one of ${(error.params as { allowedValues: string[] }).allowedValues.join(", ")}`
        : error.message;
    problems.push(`${variable(name)}=${shown} ${rule}: ${describe(schema, name)}`);
  }
  return value as Static<S>;
}

function describe(schema: TObject, name: string): string {
  return (schema.properties[name] as { description?: string } | undefined)?.description ?? name;
}

function capitals(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
