import rateLimit from "@fastify/rate-limit";
import { RedisLink, TestRedis } from "@wufen/database";
import Fastify from "fastify";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { sharedRequestLimit } from "./shared-request-limit.ts";

const log = pino({ level: "silent" });
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Two APIs on one Redis that allow five requests of an address. */
async function twoApis() {
  const redis = await TestRedis.start();
  ends.push(() => redis.kill());
  const apis = await Promise.all(
    [1, 2].map(async () => {
      const link = await RedisLink.open({ url: redis.url, name: "api", log });
      ends.push(() => link.stop());
      const app = Fastify();
      await app.register(rateLimit, { max: 5, timeWindow: 600_000, store: sharedRequestLimit(link, "test") });
      app.get("/", async () => "");
      ends.push(() => app.close());
      return async () => (await app.inject({ url: "/", remoteAddress: "10.0.0.1" })).statusCode;
    }),
  );
  return { redis, apis };
}

test("requests are counted over both", async () => {
  const { apis } = await twoApis();
  const answers: number[] = [];
  for (let i = 0; i < 7; i++) answers.push((await apis[i % 2]?.()) ?? 0);
  expect(answers).toEqual([200, 200, 200, 200, 200, 429, 429]);
});

test("without Redis, gone or frozen, each counts for itself and answers", async () => {
  for (const silence of ["kill", "freeze"] as const) {
    const { redis, apis } = await twoApis();
    await redis[silence]();
    for (const ask of apis) {
      const answers: number[] = [];
      for (let i = 0; i < 6; i++) answers.push(await ask());
      expect(answers).toEqual([200, 200, 200, 200, 200, 429]);
    }
    redis.thaw();
  }
});
