import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

const RIGHT = {
  DATABASE_URL: "postgres://u:p@localhost/db",
  WUFEN_BUS_SOCKETS: "/run/a.sock,/run/b.sock",
  WUFEN_PROXY_KEY: "0123456789abcdef",
  WUFEN_DEVICE_KEY: "ab".repeat(32),
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
}

describe("the configuration", () => {
  it("has a default for what need not be said", () => {
    expect(readConfig(RIGHT)).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      demoSignIn: false,
      busSockets: ["/run/a.sock", "/run/b.sock"],
      publicMqtt: { host: "127.0.0.1", port: 1883, tls: false },
    });
  });

  it("lists all problems at once, with the value and without secrets", () => {
    const problems = problemsOf({
      WUFEN_HTTP_PORT: "99999",
      WUFEN_DEVICE_KEY: "short secret",
      WUFEN_PROXY_KEY: RIGHT.WUFEN_PROXY_KEY,
      WUFEN_DEMO_SIGN_IN: "perhaps",
      WUFEN_MAP_DIR: "/nowhere/at/all",
    });
    expect(problems.map((problem) => problem.split(/[= ]/)[0])).toEqual([
      "DATABASE_URL",
      "WUFEN_HTTP_PORT",
      "WUFEN_BUS_SOCKETS",
      "WUFEN_DEVICE_KEY",
      "WUFEN_DEMO_SIGN_IN",
      "WUFEN_MAP_DIR",
    ]);
    expect(problems.join()).toContain("99999");
    expect(problems.join()).not.toContain("short secret");
  });

  it("with a Redis needs no sockets, and its password is not shown", () => {
    const { WUFEN_BUS_SOCKETS: _, ...rest } = RIGHT;
    const config = readConfig({ ...rest, REDIS_URL: "redis://:secret@10.0.0.5:6379" });
    expect(config).toMatchObject({ busSockets: [], redis: { prefix: "wufen" } });
    const problems = problemsOf({ ...rest, REDIS_URL: "http://:secret@10.0.0.5", WUFEN_REDIS_PREFIX: "a:b*" });
    expect(problems.map((problem) => problem.split(/[= ]/)[0])).toEqual(["REDIS_URL", "WUFEN_REDIS_PREFIX"]);
    expect(problems.join()).not.toContain("secret");
  });

  it("takes every level of the log, and says once which there are", () => {
    expect(readConfig({ ...RIGHT, WUFEN_LOG: "warn" }).logLevel).toBe("warn");
    const problems = problemsOf({ ...RIGHT, WUFEN_LOG: "loud" });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^WUFEN_LOG="loud" .*\bwarn\b.*\bsilent\b/);
  });

  it("wants certificate and key for HTTPS", () => {
    expect(problemsOf({ ...RIGHT, WUFEN_HTTPS_PORT: "8443" })).toHaveLength(1);
  });
});
