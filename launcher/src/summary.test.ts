import { execFileSync } from "node:child_process";
import { OwnTracksLocation } from "@wufen/contract";
import { Value } from "typebox/value";
import { expect, test } from "vitest";
import { mosquittoLine } from "./summary.ts";

test("the line for a shell carries one OwnTracks location with the time of now", () => {
  const login = { deviceId: "d-abc", secret: "s3cret_-", callsign: "P00" };
  const line = mosquittoLine(login, "127.0.0.1", 1883, [114.3, 30.1]);
  const words = execFileSync("sh", ["-c", line.replace("mosquitto_pub", "printf '%s\\n'")], { encoding: "utf8" })
    .trim()
    .split("\n");
  expect(words).toContain("owntracks/d-abc/d-abc");
  const payload: unknown = JSON.parse(words.at(-1) ?? "");
  expect(Value.Check(OwnTracksLocation, payload)).toBe(true);
  expect(payload).toMatchObject({ lat: 30.1, lon: 114.3 });
});
