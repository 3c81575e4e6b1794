import { isIP } from "node:net";

/** Everything `npm start` can be told, each as an option and as an environment variable; the option wins. */
export type Config = {
  readonly osm: string | undefined;
  readonly units: number;
  readonly demo: boolean;
  readonly data: string;
  readonly host: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly tls: boolean;
  readonly httpsPort: number;
  readonly mqttsPort: number;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly seed: number;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
};

/** Reads a setting's text; a problem is the reason why it cannot be used. */
type Reading = { readonly value: unknown } | { readonly problem: string };

export type Setting = {
  readonly name: keyof Config;
  /** Without it: an environment variable only. */
  readonly option?: string;
  /** An option without a value, and the text it stands for. */
  readonly flag?: string;
  readonly variable: string;
  readonly placeholder: string;
  readonly fallback?: string;
  readonly help: string;
  read(text: string): Reading;
};

const MOST_UNITS = 20_000;

export const SETTINGS: readonly Setting[] = [
  {
    name: "osm",
    option: "osm",
    variable: "WUFEN_OSM",
    placeholder: "FILE",
    help: "the city: an OpenStreetMap extract (.osm.pbf or .osm); without it, a made-up district",
    read: readText,
  },
  {
    name: "units",
    option: "units",
    variable: "WUFEN_UNITS",
    placeholder: "N",
    fallback: "300",
    help: "units of the demo fleet",
    read: (text) => readWhole(text, 1, MOST_UNITS),
  },
  {
    name: "demo",
    option: "no-demo",
    flag: "no",
    variable: "WUFEN_DEMO",
    placeholder: "yes|no",
    fallback: "yes",
    help: "no demo fleet and no demo users",
    read: readYesNo,
  },
  {
    name: "data",
    option: "data",
    variable: "WUFEN_DATA",
    placeholder: "DIR",
    fallback: ".wufen",
    help: "where everything that lasts is kept; relative to the project's folder",
    read: readText,
  },
  {
    name: "host",
    option: "host",
    variable: "WUFEN_HOST",
    placeholder: "ADDRESS",
    fallback: "127.0.0.1",
    help: "the address to listen on; anything but loopback brings TLS and no demo users",
    read: (text) =>
      isIP(text) !== 0 || text === "localhost"
        ? { value: text === "localhost" ? "127.0.0.1" : text }
        : { problem: "give an IP address of this machine, or 0.0.0.0 for all" },
  },
  {
    name: "httpPort",
    option: "http-port",
    variable: "WUFEN_HTTP_PORT",
    placeholder: "PORT",
    fallback: "8080",
    help: "the map; 0 picks a free one",
    read: readPort,
  },
  {
    name: "mqttPort",
    option: "mqtt-port",
    variable: "WUFEN_MQTT_PORT",
    placeholder: "PORT",
    fallback: "1883",
    help: "the devices; 0 picks a free one",
    read: readPort,
  },
  {
    name: "tls",
    option: "tls",
    flag: "yes",
    variable: "WUFEN_TLS",
    placeholder: "yes|no",
    fallback: "no",
    help: "TLS on loopback too",
    read: readYesNo,
  },
  {
    name: "httpsPort",
    option: "https-port",
    variable: "WUFEN_HTTPS_PORT",
    placeholder: "PORT",
    fallback: "8443",
    help: "the map over TLS",
    read: readPort,
  },
  {
    name: "mqttsPort",
    option: "mqtts-port",
    variable: "WUFEN_MQTTS_PORT",
    placeholder: "PORT",
    fallback: "8883",
    help: "the devices over TLS",
    read: readPort,
  },
  {
    name: "tlsCert",
    option: "tls-cert",
    variable: "WUFEN_TLS_CERT",
    placeholder: "FILE",
    help: "a certificate of your own (PEM, with its chain) in place of the demo's",
    read: readText,
  },
  {
    name: "tlsKey",
    option: "tls-key",
    variable: "WUFEN_TLS_KEY",
    placeholder: "FILE",
    help: "its key (PEM)",
    read: readText,
  },
  {
    name: "seed",
    option: "seed",
    variable: "WUFEN_SEED",
    placeholder: "N",
    fallback: "5",
    help: "the made-up district and what the fleet does: the same seed, the same demo",
    read: (text) => readWhole(text, 0, 0xffffffff),
  },
  {
    name: "databaseUrl",
    variable: "DATABASE_URL",
    placeholder: "postgres://user:password@host:5432/database",
    help: "a PostgreSQL (16 or newer) of your own in place of the one that comes along",
    read: (text) =>
      /^postgres(ql)?:\/\//.test(text)
        ? { value: text }
        : { problem: "give postgres://user:password@host:5432/database" },
  },
  {
    name: "redisUrl",
    variable: "REDIS_URL",
    placeholder: "redis://user:password@host:6379",
    help: "a Redis shared with brokers and APIs elsewhere; one of each on one machine need none",
    read: (text) =>
      /^rediss?:\/\/[^/?#]/.test(text) ? { value: text } : { problem: "give redis://user:password@host:6379" },
  },
];

function readText(text: string): Reading {
  return text === "" ? { problem: "is empty" } : { value: text };
}

function readYesNo(text: string): Reading {
  return text === "yes" || text === "no" ? { value: text === "yes" } : { problem: "give yes or no" };
}

function readPort(text: string): Reading {
  return readWhole(text, 0, 65_535);
}

function readWhole(text: string, low: number, high: number): Reading {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= low && value <= high
    ? { value }
    : { problem: `give a whole number from ${low} to ${high}` };
}
