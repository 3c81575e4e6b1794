import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BusFrame, Fix } from "@wufen/contract";
import { RedisLink, TestRedis } from "@wufen/database";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { Bus, BusRepeats } from "../broker/src/bus/bus.ts";
import { BusServer } from "../broker/src/bus/bus-server.ts";
import { RedisBus } from "../broker/src/bus/redis-bus.ts";
import { BusReader } from "../dispatch-api/src/adapters/bus-reader.ts";
import type { BusHooks, BusSource } from "../dispatch-api/src/adapters/bus-source.ts";
import { RedisBusReader } from "../dispatch-api/src/adapters/redis-bus-reader.ts";
import { poll } from "./support/poll.ts";

const log = pino({ level: "silent" });

/** One way between brokers and APIs. */
interface Transport {
  publisher(broker: number, repeats: BusRepeats): Promise<Bus>;
  /** Follows brokers 1 and 2. */
  reader(hooks: BusHooks): Promise<BusSource[]>;
  stop(): Promise<void>;
}

const TRANSPORTS: Record<string, () => Promise<Transport>> = {
  "a unix socket per broker": async () => {
    const folder = mkdtempSync(join(tmpdir(), "wb-"));
    const path = (broker: number) => join(folder, `${broker}.sock`);
    return {
      publisher: async (broker, repeats) =>
        new BusServer({ path: path(broker), bufferBytes: 1_000_000, log, ...repeats }),
      reader: async (hooks) => [1, 2].map((broker) => new BusReader(path(broker), hooks, log)),
      stop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
  Redis: async () => {
    const redis = await TestRedis.start();
    const links: RedisLink[] = [];
    return {
      publisher: async (broker, repeats) => {
        const link = await RedisLink.open({ url: redis.url, name: "publisher", log });
        links.push(link);
        return new RedisBus({ link, prefix: "test", broker, ...repeats });
      },
      reader: async (hooks) => {
        const reader = new RedisBusReader("test", hooks, log);
        const link = await RedisLink.open({ url: redis.url, name: "reader", log }, [reader.listener]);
        links.push(link);
        reader.follow(link);
        return [reader];
      },
      stop: async () => {
        for (const link of links) link.stop();
        await redis.kill();
      },
    };
  },
};

function fixOf(seq: number): Fix {
  const unknown = { altitudeM: undefined, clockOffsetMs: undefined, batteryPercent: undefined };
  const place = { lngE7: 1_143_000_000, latE7: 306_000_000, accuracyDm: 50, speedCms: 0, headingCdeg: 0 };
  return { deviceNo: 7, seq, fixedAtMs: 1000 + seq, receivedAtMs: 2000 + seq, flags: 0, ...place, ...unknown };
}

for (const [name, open] of Object.entries(TRANSPORTS)) {
  describe(`the fix bus over ${name}`, () => {
    const ends: (() => unknown)[] = [];
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    async function begin() {
      const transport = await open();
      ends.push(() => transport.stop());
      const frames: BusFrame[] = [];
      const state = { connections: 0 };
      const sources = await transport.reader({
        onFrame: (frame) => frames.push(frame),
        onConnect: () => {
          state.connections++;
        },
      });
      const publish = async (broker: number) => {
        const bus = await transport.publisher(broker, {
          heartbeat: () => ({ kind: "heartbeat", broker, epoch: 10 + broker, lastN: 3 }),
          presence: () => ({ kind: "presence", broker, epoch: 10 + broker, changes: [] }),
        });
        await bus.listen();
        ends.push(() => bus.close());
        return bus;
      };
      const follow = async () => {
        for (const source of sources) source.start();
        ends.push(() => {
          for (const source of sources) source.stop();
        });
        await poll("every broker's bus is connected", () =>
          sources.every(({ connected }) => connected) ? true : undefined,
        );
      };
      return { frames, state, sources, publish, follow };
    }

    it("brings what each broker says, in its order and bit by bit, to a reader that follows", async () => {
      const { frames, sources, publish, follow } = await begin();
      const buses = [await publish(1), await publish(2)];
      // Nobody hears it, and nobody is held up by it.
      buses[0]?.send({ kind: "fixes", broker: 1, epoch: 11, firstN: 1, fixes: [fixOf(0)] });
      await follow();
      await poll("both are heard", () => (new Set(frames.map(({ broker }) => broker)).size === 2 ? true : undefined));
      const said: BusFrame[] = [1, 2].flatMap((broker) =>
        Array.from(
          { length: 50 },
          (_, i): BusFrame => ({
            kind: "fixes",
            broker,
            epoch: 10 + broker,
            firstN: 4 + i * 2,
            fixes: [fixOf(i * 2), fixOf(i * 2 + 1)],
          }),
        ),
      );
      for (const frame of said) buses[frame.broker - 1]?.send(frame);
      const heard = (broker: number) => frames.filter((frame) => frame.kind === "fixes" && frame.broker === broker);
      await poll("all is heard", () => (heard(1).length >= 50 && heard(2).length === 50 ? true : undefined));
      for (const broker of [1, 2]) {
        expect(heard(broker).slice(-50)).toEqual(said.filter((frame) => frame.broker === broker));
      }
      expect(sources.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)).toBeGreaterThan(100 * (32 + 112));
    });

    it("a broker that says nothing is heard every second all the same, with its last number", async () => {
      const { frames, publish, follow } = await begin();
      await Promise.all([publish(1), publish(2)]);
      await follow();
      await poll("three heartbeats of each", () => {
        const of = (broker: number) => frames.filter((frame) => frame.kind === "heartbeat" && frame.broker === broker);
        return of(1).length >= 3 && of(2).length >= 3 ? true : undefined;
      });
      expect(frames.find(({ kind }) => kind === "heartbeat")).toMatchObject({ lastN: 3 });
    });

    it("a broker that goes and comes back is heard again", async () => {
      const { frames, state, publish, follow } = await begin();
      await publish(2);
      const first = await publish(1);
      await follow();
      expect(state.connections).toBeGreaterThan(0);
      await first.close();
      const again = await publish(1);
      await poll("the new one is heard", () => {
        again.send({ kind: "fixes", broker: 1, epoch: 12, firstN: 1, fixes: [fixOf(1)] });
        return frames.some((frame) => frame.kind === "fixes" && frame.epoch === 12) ? true : undefined;
      });
    });
  });
}
