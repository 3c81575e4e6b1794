import { once } from "node:events";
import { statSync } from "node:fs";
import mqttPacket from "mqtt-packet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRaw, publishPacket } from "./support/raw-client.ts";
import { type RunningBroker, runBroker } from "./support/running-broker.ts";

let running: RunningBroker;

beforeAll(async () => {
  running = await runBroker({
    WUFEN_LIMIT_PUBLISHES_PER_SECOND: "1000000000",
    WUFEN_LIMIT_PUBLISH_BURST: "1000000000",
  });
});
afterAll(() => running.stop());

test("a device that publishes and never reads its acknowledgements is cut and counted; others are served", async () => {
  const device = await running.addDevice("deaf-1");
  const client = await connectRaw(running.broker.mqttPort, device);
  client.conn.pause();
  // Of a topic that is not its own: acknowledged at once, without the database.
  const publishes = Buffer.concat(
    Array.from({ length: 2000 }, (_, i) => mqttPacket.generate(publishPacket("x", "", 1, i + 1))),
  );
  let cut = false;
  const counted = running.refused(device.no, "slow-consumer").then(() => {
    cut = true;
  });
  while (!cut && !client.closed) {
    // Writing to a connection that was just cut fails, which is what is waited for.
    const drained = client.conn.write(publishes) ? undefined : once(client.conn, "drain").catch(() => undefined);
    await Promise.race([drained, counted, client.waitClosed()]);
  }
  await counted;
  client.conn.resume();
  await client.waitClosed();
  const other = await connectRaw(running.broker.mqttPort, await running.addDevice("hearing-1"));
  await other.close();
});

test("the bus is for the broker's own user only: it tells where everyone is", () => {
  expect(statSync(running.busSocket).mode & 0o777).toBe(0o600);
});
