import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RedisLink, type RedisListener } from "./redis-link.ts";
import { RedisRefused } from "./refused.ts";
import { TestRedis } from "./test-redis.ts";

const log = { info: () => undefined, warn: () => undefined };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function redisServer(args: string[] = []): Promise<TestRedis> {
  const redis = await TestRedis.start(args);
  ends.push(() => redis.kill());
  return redis;
}

async function open(url: string, listeners: RedisListener[] = [], limits: object = {}): Promise<RedisLink> {
  const link = await RedisLink.open({ url, name: "test", log, ...limits }, listeners);
  ends.push(() => link.stop());
  return link;
}

/** A server that answers everything with one line. */
async function speaks(line: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(line));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  ends.push(() => void server.close());
  return `redis://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
}

/** Collects what is heard. */
function ear(channel: string, isPattern = false) {
  const heard: string[] = [];
  const state = { heard, connections: 0 };
  const listener: RedisListener = {
    channel,
    isPattern,
    onMessage: (message) => heard.push(message.toString("latin1")),
    onListening: () => {
      state.connections++;
    },
  };
  return { state, listener };
}

describe("a Redis that cannot be used ends the start with one line: address without password, reason, remedy", () => {
  it("nobody there", async () => {
    const redis = await redisServer();
    await redis.kill();
    await expect(open(redis.url.replace("//", "//:secret@"))).rejects.toThrow(
      new RedisRefused(
        `redis://:***@127.0.0.1:${redis.port}`,
        "does not answer (ECONNREFUSED): start Redis there or correct the address",
      ),
    );
  });

  it("wrong password, no password", async () => {
    const closed = await redisServer(["--requirepass", "right"]);
    const wrong = await open(closed.url.replace("//", "//:wrong-one@")).catch((error: unknown) => error as Error);
    expect(wrong).toBeInstanceOf(RedisRefused);
    expect((wrong as Error).message).toMatch(/refuses the user or the password .*: correct them/);
    expect((wrong as Error).message).not.toContain("wrong-one");
    await expect(open(closed.url)).rejects.toThrow(/refuses the user or the password/);
  });

  it("too old", async () => {
    await expect(open(await speaks("-ERR unknown command `HELLO`\r\n"))).rejects.toThrow(
      /is Redis before 6: 6.0 or later is needed, or Valkey/,
    );
  });

  it("a read-only replica", async () => {
    const primary = await redisServer();
    const replica = await redisServer(["--replicaof", "127.0.0.1", String(primary.port)]);
    await expect(open(replica.url)).rejects.toThrow(/is a read-only (slave|replica): give the address of the primary/);
  });

  it("frozen", async () => {
    const redis = await redisServer();
    redis.freeze();
    await expect(open(redis.url)).rejects.toThrow(/does not answer \(silent for 5000 ms\)/);
  });
});

describe("a Redis that goes away later", () => {
  it("messages come as they were sent, by channel and by pattern, and a pattern does not reach another prefix", async () => {
    const redis = await redisServer();
    const one = ear("a:command");
    const many = ear("a:bus:*", true);
    await open(redis.url, [one.listener, many.listener]);
    const link = await open(redis.url);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    expect(link.publish("b:bus:1", "another cluster")).toBe(true);
    expect(link.publish("a:bus:1", bytes)).toBe(true);
    expect(link.publish("a:command", "words")).toBe(true);
    await until(() => one.state.heard.length === 1 && many.state.heard.length === 1);
    expect(many.state.heard).toEqual([bytes.toString("latin1")]);
    expect(one.state.heard).toEqual(["words"]);
  });

  it("what is said while it is away is dropped and counted; it comes back by itself and listens again", async () => {
    const redis = await redisServer();
    const { state, listener } = ear("channel");
    const reader = await open(redis.url, [listener]);
    const link = await open(redis.url);
    await redis.kill();
    await until(() => !link.isUp && !reader.isUp);
    expect(link.publish("channel", "lost")).toBe(false);
    expect(link.dropped).toBe(1);
    expect(await link.evaluate("return 1", "key", [], 1000)).toBeUndefined();
    await redis.start();
    await until(() => state.connections === 2 && link.isUp);
    link.publish("channel", "heard");
    await until(() => state.heard.length > 0);
    expect(state.heard).toEqual(["heard"]);
    expect(await link.evaluate("return 7", "key", [], 1000)).toBe(7);
  });

  it("while it is frozen what waits is bounded; after it everything goes on", async () => {
    const redis = await redisServer();
    const { state, listener } = ear("channel");
    await open(redis.url, [listener]);
    const link = await open(redis.url, [], { waitingBytes: 1000 });
    redis.freeze();
    const sent = Array.from({ length: 30 }, () => link.publish("channel", "x".repeat(100)));
    expect(sent.filter(Boolean)).toHaveLength(10);
    expect(link.dropped).toBe(20);
    await until(() => !link.isUp);
    redis.thaw();
    await until(() => link.isUp && state.heard.length === 10);
    expect(link.publish("channel", "after")).toBe(true);
    await until(() => state.heard.includes("after"));
  });

  it("a connection that stays silent is given up for a new one", async () => {
    const redis = await redisServer();
    const { state, listener } = ear("channel");
    const reader = await open(redis.url, [listener], { giveUpMs: 2600 });
    redis.freeze();
    await until(() => reader.attempts === 2);
    redis.thaw();
    await until(() => state.connections === 2 && reader.isUp);
  });
});
