import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type ConfigReading, isLoopback, readConfig } from "./read-config.ts";

const THIS_FILE = fileURLToPath(import.meta.url);
const read = (args: string[], environment: Record<string, string> = {}) =>
  readConfig(args, environment, "/somewhere", "/project");

function configOf(reading: ConfigReading) {
  if (reading.kind !== "config") throw new Error(JSON.stringify(reading));
  return reading.config;
}

test("without options: the demo on loopback, with the data in the project's folder", () => {
  expect(configOf(read([]))).toEqual({
    units: 300,
    demo: true,
    data: "/project/.wufen",
    host: "127.0.0.1",
    httpPort: 8080,
    mqttPort: 1883,
    tls: false,
    httpsPort: 8443,
    mqttsPort: 8883,
    seed: 5,
  });
});

test("an option wins over its environment variable, which wins over the default", () => {
  const environment = { WUFEN_HTTP_PORT: "9000", WUFEN_MQTT_PORT: "1900", WUFEN_DEMO: "no", WUFEN_DATA: "d" };
  const config = configOf(read(["--http-port", "9001"], environment));
  expect(config).toMatchObject({ httpPort: 9001, mqttPort: 1900, demo: false, data: "/somewhere/d" });
  expect(configOf(read(["--no-demo"])).demo).toBe(false);
  expect(configOf(read(["--osm", THIS_FILE])).osm).toBe(THIS_FILE);
});

test("all problems are listed at once, each with its value", () => {
  const reading = read(
    ["--units", "many", "--osm", "nowhere.osm.pbf", "--http-port=99999", "--colour", "--no-demo=x", "city.osm"],
    {
      WUFEN_HOST: "example.org",
      DATABASE_URL: "mysql://u:secret@h/d",
      REDIS_URL: "http://u:secret@r",
      WUFEN_TLS_KEY: THIS_FILE,
    },
  );
  if (reading.kind !== "problems") throw new Error("it was taken");
  const text = reading.problems.join("\n");
  for (const part of [
    "--units many: ",
    "--osm nowhere.osm.pbf: ",
    "--http-port 99999: ",
    "--colour: ",
    "--no-demo: ",
    "city.osm: ",
    "WUFEN_HOST=example.org: ",
    "DATABASE_URL=mysql://u:***@h/d: ",
    "REDIS_URL=http://u:***@r: ",
    "--tls-cert and --tls-key",
  ]) {
    expect(text).toContain(part);
  }
  expect(reading.problems).toHaveLength(10);
  expect(text).not.toContain("secret");
});

test("the help names every option and variable", () => {
  const reading = read(["--help"]);
  expect(reading.kind === "help" && reading.text).toMatch(/--mqtt-port PORT\s+WUFEN_MQTT_PORT/);
});

test("loopback is 127.0.0.0/8 and ::1", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "192.168.1.127", "::"].some(isLoopback)).toBe(false);
});
