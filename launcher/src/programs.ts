import { isLoopback } from "./config/read-config.ts";
import type { Config } from "./config/settings.ts";
import type { DataFolder } from "./data/data-folder.ts";
import type { NodeProgram } from "./process/start-node.ts";
import { findLanAddress } from "./tls/host-names.ts";

/** What all programs of one start share. */
export type Plan = {
  readonly config: Config;
  readonly folder: DataFolder;
  readonly databaseUrl: string;
  readonly keys: { readonly device: string; readonly proxy: string };
  readonly ports: Ports;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
};

export type Ports = {
  readonly http: number;
  readonly mqtt: number;
  readonly loopback: number;
  readonly https?: number;
  readonly mqtts?: number;
};

export function usesTls(config: Config): boolean {
  return config.tls || config.tlsCert !== undefined || !isLoopback(config.host);
}

/** Demo people sign in only where nobody but this machine reaches the API. */
export function allowsDemoSignIn(config: Config): boolean {
  return config.demo && isLoopback(config.host);
}

/** The address that others reach `host` at. */
export function publicHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? (findLanAddress() ?? "127.0.0.1") : host;
}

export function brokerProgram({ config, folder, databaseUrl, keys, ports, tls }: Plan): NodeProgram {
  return {
    name: "broker",
    script: "broker/dist/main.js",
    // Batches of short-lived fixes outgrow the default nursery and are copied again and again.
    nodeOptions: ["--max-semi-space-size=64"],
    environment: {
      DATABASE_URL: databaseUrl,
      WUFEN_MQTT_HOST: config.host,
      WUFEN_MQTT_PORT: String(ports.mqtt),
      WUFEN_LOOPBACK_PORT: String(ports.loopback),
      WUFEN_PROXY_KEY: keys.proxy,
      WUFEN_DEVICE_KEY: keys.device,
      WUFEN_BUS_SOCKET: folder.busSocket,
      REDIS_URL: config.redisUrl ?? "",
      ...tlsEnvironment(tls),
      WUFEN_MQTTS_PORT: ports.mqtts === undefined ? "" : String(ports.mqtts),
    },
  };
}

export function dispatchApiProgram(plan: Plan, mapDir: string, clientDir: string): NodeProgram {
  return {
    name: "dispatch-api",
    script: "dispatch-api/dist/main.js",
    environment: { ...dispatchApiEnvironment(plan), WUFEN_MAP_DIR: mapDir, WUFEN_CLIENT_DIR: clientDir },
  };
}

/** Enough for the API's commands too. */
export function dispatchApiEnvironment({ config, folder, databaseUrl, keys, ports, tls }: Plan) {
  return {
    DATABASE_URL: databaseUrl,
    WUFEN_HTTP_HOST: config.host,
    WUFEN_HTTP_PORT: String(ports.http),
    ...tlsEnvironment(tls),
    WUFEN_HTTPS_PORT: ports.https === undefined ? "" : String(ports.https),
    WUFEN_BUS_SOCKETS: folder.busSocket,
    REDIS_URL: config.redisUrl ?? "",
    WUFEN_BROKER_LOOPBACK: `http://127.0.0.1:${ports.loopback}`,
    WUFEN_PROXY_KEY: keys.proxy,
    WUFEN_DEVICE_KEY: keys.device,
    WUFEN_DEMO_SIGN_IN: allowsDemoSignIn(config) ? "yes" : "no",
    WUFEN_PUBLIC_MQTT_HOST: publicHost(config.host),
    WUFEN_PUBLIC_MQTT_PORT: String(ports.mqtts ?? ports.mqtt),
    WUFEN_PUBLIC_MQTT_TLS: ports.mqtts === undefined ? "no" : "yes",
  };
}

export function fleetProgram({ config, ports }: Plan, mapDir: string, credentialsFile: string): NodeProgram {
  const url = `mqtt://${reachableHost(config.host)}:${ports.mqtt}`;
  const { seed } = config;
  return {
    name: "device-sim",
    script: "device-sim/dist/main.js",
    args: ["play", "--url", url, "--map", mapDir, "--credentials", credentialsFile, "--seed", String(seed)],
    environment: {},
  };
}

/** An address under which a program on this machine reaches a listener on `host`. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function tlsEnvironment(tls: Plan["tls"]) {
  return { WUFEN_TLS_CERT: tls?.certFile ?? "", WUFEN_TLS_KEY: tls?.keyFile ?? "" };
}
