import { existsSync, readFileSync } from "node:fs";
import { CLUSTER_PREFIX_DEFAULT, CLUSTER_PREFIX_PATTERN } from "@wufen/contract";
import { levels } from "pino";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { type IsTrusted, readTrustedProxies } from "./adapters/trusted-proxies.ts";

const port = (description: string) =>
  Type.String({
    pattern: "^([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
    description,
  });
const yesNo = Type.Enum(["yes", "no"], { description: "answer yes or no" });
const LOG_LEVELS = [...Object.keys(levels.values), "silent"];
const path = (description: string) => Type.String({ minLength: 1, description });

/** The environment of a dispatch API. */
export const Environment = Type.Object({
  DATABASE_URL: Type.String({ pattern: "^postgres(ql)?://", description: "address of the database, postgres://…" }),
  WUFEN_HTTP_HOST: Type.String({ default: "127.0.0.1", minLength: 1, description: "address to listen on" }),
  WUFEN_HTTP_PORT: { ...port("port to listen on; 0: a free one"), default: "8080" },
  WUFEN_HTTPS_PORT: Type.Optional(port("port to listen on with TLS")),
  WUFEN_TLS_CERT: Type.Optional(path("PEM file of the certificate")),
  WUFEN_TLS_KEY: Type.Optional(path("PEM file of its key")),
  WUFEN_TRUSTED_PROXIES: Type.String({
    default: "",
    description: "addresses and networks of the balancers in front, separated by commas: 10.0.0.5,172.16.0.0/12",
  }),
  WUFEN_BUS_SOCKETS: Type.Optional(
    path("paths of the brokers' fix bus sockets, separated by commas, where there is no REDIS_URL"),
  ),
  REDIS_URL: Type.Optional(
    Type.String({ pattern: "^rediss?://[^/?#]", description: "address of a Redis, redis://user:password@host:port" }),
  ),
  WUFEN_REDIS_PREFIX: Type.String({
    pattern: CLUSTER_PREFIX_PATTERN,
    default: CLUSTER_PREFIX_DEFAULT,
    description: "name of the cluster on its Redis, up to 40 of A-Z a-z 0-9 _ -",
  }),
  WUFEN_BROKER_LOOPBACK: Type.String({
    default: "http://127.0.0.1:1884",
    pattern: "^http://[^/]+$",
    description: "address of the broker's loopback listener, http://host:port",
  }),
  WUFEN_PROXY_KEY: Type.String({ minLength: 16, description: "secret shared with the broker, at least 16 characters" }),
  WUFEN_DEVICE_KEY: Type.String({
    pattern: "^([0-9a-fA-F]{2}){32,}$",
    description: "key of the device secrets, at least 64 hexadecimal digits",
  }),
  WUFEN_MAP_DIR: Type.Optional(path("folder of the imported map")),
  WUFEN_CLIENT_DIR: Type.Optional(path("folder of the built map client")),
  WUFEN_DEMO_SIGN_IN: { ...yesNo, default: "no" },
  WUFEN_PUBLIC_MQTT_HOST: Type.String({
    default: "127.0.0.1",
    minLength: 1,
    description: "broker's address for devices",
  }),
  WUFEN_PUBLIC_MQTT_PORT: { ...port("broker's port for devices"), default: "1883" },
  WUFEN_PUBLIC_MQTT_TLS: { ...yesNo, default: "no" },
  WUFEN_LOG: Type.Enum(LOG_LEVELS, {
    default: "info",
    description: `level from which the log is written: ${LOG_LEVELS.join(", ")}`,
  }),
});
type Environment = Static<typeof Environment>;

export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly https: { readonly port: number; readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly trustedProxies: IsTrusted;
  /** Empty where there is a Redis. */
  readonly busSockets: readonly string[];
  readonly redis: { readonly url: string; readonly prefix: string } | undefined;
  readonly brokerLoopback: URL;
  readonly proxyKey: string;
  readonly deviceKey: Buffer;
  readonly mapDir: string | undefined;
  readonly clientDir: string | undefined;
  readonly demoSignIn: boolean;
  readonly publicMqtt: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly logLevel: Environment["WUFEN_LOG"];
}

/** Everything that is wrong with the environment, a line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

const environment = Compile(Environment);

/** Reads the configuration; throws {@link ConfigError} with all problems at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {};
  for (const [name, schema] of Object.entries(Environment.properties)) {
    const fallback = "default" in schema ? String(schema.default) : undefined;
    const value = env[name] === undefined || env[name] === "" ? fallback : env[name];
    if (value !== undefined) given[name] = value;
  }
  const problems = Object.entries(Environment.properties).flatMap(([name, schema]) => {
    const value = given[name];
    // The bus is Redis or sockets.
    const isNeeded = name === "WUFEN_BUS_SOCKETS" && given.REDIS_URL === undefined;
    const optional = !isNeeded && !(Environment.required as readonly string[]).includes(name);
    if (value === undefined) return optional ? [] : [`${name} is missing: set it to the ${describe(schema)}`];
    return Compile(schema).Check(value)
      ? []
      : [`${name}=${shown(name, value)} is not right: it is the ${describe(schema)}`];
  });
  problems.push(...fileProblems(given));
  const proxies = given.WUFEN_TRUSTED_PROXIES ?? "";
  if (readTrustedProxies(proxies) === undefined) {
    problems.push(
      `WUFEN_TRUSTED_PROXIES=${proxies} is not right: list addresses and networks, as 10.0.0.5,172.16.0.0/12`,
    );
  }
  if (problems.length > 0 || !environment.Check(given)) throw new ConfigError(problems);
  return toConfig(given);
}

function fileProblems(given: Readonly<Record<string, string>>): string[] {
  const problems = ["WUFEN_TLS_CERT", "WUFEN_TLS_KEY", "WUFEN_MAP_DIR", "WUFEN_CLIENT_DIR"].flatMap((name) => {
    const file = given[name];
    return file === undefined || existsSync(file) ? [] : [`${name}=${file} does not exist: name one that does`];
  });
  if (given.WUFEN_HTTPS_PORT !== undefined && (given.WUFEN_TLS_CERT ?? given.WUFEN_TLS_KEY) === undefined) {
    problems.push(`WUFEN_HTTPS_PORT=${given.WUFEN_HTTPS_PORT} needs WUFEN_TLS_CERT and WUFEN_TLS_KEY`);
  }
  return problems;
}

function toConfig(env: Environment): Config {
  const { WUFEN_HTTPS_PORT: httpsPort, WUFEN_TLS_CERT: cert, WUFEN_TLS_KEY: key } = env;
  return {
    databaseUrl: env.DATABASE_URL,
    host: env.WUFEN_HTTP_HOST,
    port: Number(env.WUFEN_HTTP_PORT),
    https:
      httpsPort === undefined || cert === undefined || key === undefined
        ? undefined
        : { port: Number(httpsPort), cert: readFileSync(cert), key: readFileSync(key) },
    trustedProxies: readTrustedProxies(env.WUFEN_TRUSTED_PROXIES) ?? (() => false),
    busSockets:
      env.REDIS_URL === undefined ? (env.WUFEN_BUS_SOCKETS ?? "").split(",").filter((socket) => socket !== "") : [],
    redis: env.REDIS_URL === undefined ? undefined : { url: env.REDIS_URL, prefix: env.WUFEN_REDIS_PREFIX },
    brokerLoopback: new URL(env.WUFEN_BROKER_LOOPBACK),
    proxyKey: env.WUFEN_PROXY_KEY,
    deviceKey: Buffer.from(env.WUFEN_DEVICE_KEY, "hex"),
    mapDir: env.WUFEN_MAP_DIR,
    clientDir: env.WUFEN_CLIENT_DIR,
    demoSignIn: env.WUFEN_DEMO_SIGN_IN === "yes",
    publicMqtt: {
      host: env.WUFEN_PUBLIC_MQTT_HOST,
      port: Number(env.WUFEN_PUBLIC_MQTT_PORT),
      tls: env.WUFEN_PUBLIC_MQTT_TLS === "yes",
    },
    logLevel: env.WUFEN_LOG,
  };
}

function describe(schema: object): string {
  return "description" in schema ? String(schema.description) : "";
}

/** Secrets are not repeated in messages. */
function shown(name: string, value: string): string {
  return /KEY|DATABASE|REDIS_URL/.test(name) ? "…" : JSON.stringify(value);
}
