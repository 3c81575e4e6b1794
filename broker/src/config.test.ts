import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const ENOUGH = { DATABASE_URL: "postgres://u:p@h/d", WUFEN_DEVICE_KEY: "ab".repeat(32) };

describe("readConfig", () => {
  test("fills in what is not set", () => {
    const read = readConfig(ENOUGH);
    expect(read).toMatchObject({
      ok: true,
      config: {
        mqttPort: 1883,
        loopbackPort: 1884,
        brokerNo: 1,
        retentionDays: 30,
        limits: { packetBytes: 4096, commitWaitMs: 10_000 },
      },
    });
  });

  test("lists all problems at once, each with its variable and value, and never shows a key", () => {
    const read = readConfig({
      WUFEN_DEVICE_KEY: "not-hex",
      WUFEN_MQTT_PORT: "70000",
      WUFEN_LIMIT_CONNECTIONS: "many",
      WUFEN_MQTTS_PORT: "8883",
    });
    if (read.ok) throw new Error("must not be taken");
    const text = read.problems.join("\n");
    for (const part of [
      "DATABASE_URL",
      "WUFEN_DEVICE_KEY",
      "WUFEN_MQTT_PORT=70000",
      "WUFEN_LIMIT_CONNECTIONS=many",
      "WUFEN_TLS_CERT",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("not-hex");
    expect(read.problems.length).toBe(5);
  });

  test("takes every level of the log, and says once which there are", () => {
    expect(readConfig({ ...ENOUGH, WUFEN_LOG: "warn" })).toMatchObject({ ok: true, config: { log: "warn" } });
    const read = readConfig({ ...ENOUGH, WUFEN_LOG: "loud", WUFEN_PROXY_PROTOCOL: "perhaps" });
    if (read.ok) throw new Error("must not be taken");
    expect(read.problems).toHaveLength(2);
    expect(read.problems[0]).toMatch(/^WUFEN_LOG=loud must be one of .*\bwarn\b.*\bsilent\b/);
    expect(read.problems[1]).toMatch(/^WUFEN_PROXY_PROTOCOL=perhaps must be one of yes, no/);
  });
});
