import { expect, test } from "vitest";
import { FAILURES_PER_NAME } from "../domain/sign-in-limits.ts";
import { SharedSignInLimits } from "./shared-sign-in-limits.ts";

/** Two APIs on one Redis. */
function cluster() {
  const apis: SharedSignInLimits[] = [];
  const publish = (_channel: string, text: string) => {
    for (const { listener } of apis) listener.onMessage(Buffer.from(text));
  };
  for (let i = 0; i < 2; i++) apis.push(new SharedSignInLimits("wufen", publish, () => 0));
  return apis as [SharedSignInLimits, SharedSignInLimits];
}

test("guessing at two APIs in turn is held up as at one, and a right password at either begins anew", () => {
  const [one, two] = cluster();
  for (let i = 0; i < FAILURES_PER_NAME.attempts; i++) {
    const api = i % 2 === 0 ? one : two;
    expect(api.begin("desk", "10.0.0.1", 0)).toBe(true);
    api.failed("desk", "10.0.0.1", 0);
  }
  expect(one.begin("desk", "10.0.0.1", 0)).toBe(false);
  expect(two.begin("desk", "10.0.0.1", 0)).toBe(false);
  two.succeeded("desk", "10.0.0.1");
  expect(one.begin("desk", "10.0.0.1", 0)).toBe(true);
});

test("what is no notice changes nothing", () => {
  const [one] = cluster();
  for (const text of ["{", "null", '{"step":"failed"}']) one.listener.onMessage(Buffer.from(text));
  expect(one.begin("desk", "10.0.0.1", 0)).toBe(true);
});
