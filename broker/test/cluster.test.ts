import { commandTopic } from "@wufen/contract";
import { createTestDatabase, RedisRefused, TestRedis } from "@wufen/database";
import { afterEach, expect, test } from "vitest";
import { connectRaw } from "./support/raw-client.ts";
import { eventually, PROXY_KEY, type RunningBroker, runBroker } from "./support/running-broker.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function twoBrokers() {
  const redis = await TestRedis.start();
  ends.push(() => redis.kill());
  const database = await createTestDatabase();
  ends.push(() => database.drop());
  const run = async (no: number) => {
    const running = await runBroker({ WUFEN_BROKER_NO: String(no), REDIS_URL: redis.url }, { database });
    ends.push(() => running.stop());
    return running;
  };
  const [one, two] = [await run(1), await run(2)];
  const device = await one.addDevice("cluster-1");
  await eventually(async () => ((await command(two, device.id)) === 404 ? undefined : true));
  return { redis, one, two, device };
}

/** Asks a broker to pass a command on; answers its status. */
async function command({ loopback }: RunningBroker, deviceId: string): Promise<number> {
  const { status } = await fetch(`${loopback}/commands/${deviceId}`, {
    method: "POST",
    headers: { "x-wufen-proxy-key": PROXY_KEY },
    body: JSON.stringify({ protocol: "binary", command: { id: "c-1", action: "report-now" } }),
  });
  return status;
}

async function redisIsUp({ loopback }: RunningBroker): Promise<boolean> {
  const response = await fetch(`${loopback}/healthz`);
  return ((await response.json()) as { redis: boolean }).redis;
}

test("a Redis that is not there ends the start, and nothing that another broker does", async () => {
  const redis = await TestRedis.start();
  await redis.kill();
  await expect(runBroker({ REDIS_URL: redis.url })).rejects.toThrow(RedisRefused);
});

test("while Redis is away fixes are taken and local commands go out; others are refused; it is said and ends by itself", async () => {
  const { redis, one, two, device } = await twoBrokers();
  const client = await connectRaw(one.broker.mqttPort, device);
  client.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: commandTopic(device.id), qos: 0 }] });
  await client.wait("suback");
  await redis.kill();
  await eventually(async () => ((await redisIsUp(one)) || (await redisIsUp(two)) ? undefined : true));
  expect(await command(one, device.id)).toBe(202);
  await client.wait("publish");
  expect(await command(two, device.id)).toBe(503);
  await redis.start();
  await eventually(async () => ((await redisIsUp(one)) && (await redisIsUp(two)) ? true : undefined));
  const before = client.packets.length;
  // A request that comes before the other broker listens again is lost like one before Redis was back: it is asked again.
  await eventually(async () => {
    await command(two, device.id);
    return client.packets.length > before ? true : undefined;
  });
  await client.close();
});

test("a device that connects at another broker leaves the first, which says nothing of it any more", async () => {
  const { one, two, device } = await twoBrokers();
  const first = await connectRaw(one.broker.mqttPort, device);
  const second = await connectRaw(two.broker.mqttPort, device);
  await first.waitClosed();
  await eventually(async () => {
    const [row] = await one.sql`SELECT online, broker FROM device_presence WHERE device_no = ${device.no}`;
    return row?.online === true && row.broker === 2 ? true : undefined;
  });
  expect(second.closed).toBe(false);
  await second.close();
});
