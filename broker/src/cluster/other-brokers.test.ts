import type { CommandRequest } from "@wufen/contract";
import { expect, test } from "vitest";
import { DeviceRegistry, type KnownDevice } from "../access/device-registry.ts";
import { TokenBucket } from "../access/token-bucket.ts";
import { OtherBrokers } from "./other-brokers.ts";

const COMMAND: CommandRequest = { protocol: "binary", command: { id: "c-1", action: "report-now" } };

/** Two brokers and a channel that delivers when it is told to, in one order to all, like Redis. */
class Cluster {
  nowMs = 0;
  away = false;
  readonly queue: string[] = [];
  readonly one = this.#broker();
  readonly two = this.#broker();

  deliver(): void {
    for (const text of this.queue.splice(0)) {
      for (const { others } of [this.one, this.two]) others.listener.onMessage(Buffer.from(text));
    }
  }

  #broker() {
    const registry = new DeviceRegistry(Buffer.alloc(32), () => new TokenBucket(1, 1, 0));
    const common = { datum: "wgs84", disabled: false, secretHash: Buffer.alloc(32), offDuty: false } as const;
    registry.put({ no: 1, id: "d-1", kind: "handset", unitNo: undefined, ...common });
    const device = registry.find("d-1") as KnownDevice;
    const delivered: CommandRequest[] = [];
    const others = new OtherBrokers({
      prefix: "wufen",
      registry,
      nowMs: () => this.nowMs,
      publish: (_channel, text) => {
        if (!this.away) this.queue.push(text);
        return !this.away;
      },
      deliver: (_deviceId, request) => delivered.push(request),
      letGo: (gone) => {
        gone.session = undefined;
      },
    });
    others.begin();
    const connect = () => {
      device.session = { ready: true, drop: () => undefined };
      others.connected(device);
    };
    return { others, device, delivered, connect };
  }
}

test("a command reaches the other broker once, and not the one that passed it on", () => {
  const cluster = new Cluster();
  expect(cluster.one.others.command("d-1", COMMAND)).toBe(true);
  cluster.deliver();
  expect(cluster.two.delivered).toEqual([COMMAND]);
  expect(cluster.one.delivered).toEqual([]);
  cluster.away = true;
  expect(cluster.one.others.command("d-1", COMMAND)).toBe(false);
});

test("a device that connects elsewhere loses its earlier connection", () => {
  const cluster = new Cluster();
  cluster.one.connect();
  cluster.deliver();
  cluster.two.connect();
  cluster.deliver();
  expect(cluster.one.device.session).toBeUndefined();
  expect(cluster.two.device.session).toBeDefined();
});

test("of two connections in the same instant exactly one stays", () => {
  const cluster = new Cluster();
  cluster.one.connect();
  cluster.two.connect();
  cluster.deliver();
  expect(cluster.one.device.session).toBeUndefined();
  expect(cluster.two.device.session).toBeDefined();
});

test("a connection made while Redis was away is announced when it is back", () => {
  const cluster = new Cluster();
  cluster.one.connect();
  cluster.deliver();
  cluster.away = true;
  cluster.two.connect();
  cluster.away = false;
  for (const { others } of [cluster.one, cluster.two]) others.listener.onListening?.();
  cluster.deliver();
  expect(cluster.one.device.session).toBeUndefined();
  expect(cluster.two.device.session).toBeDefined();
});

test("an announcement that never came back does not keep a connection for ever", () => {
  const cluster = new Cluster();
  cluster.one.connect();
  cluster.queue.length = 0;
  cluster.nowMs = 10_000;
  cluster.two.connect();
  cluster.deliver();
  expect(cluster.one.device.session).toBeUndefined();
});

test("what is no message of ours is counted and changes nothing", () => {
  const cluster = new Cluster();
  cluster.one.connect();
  cluster.deliver();
  cluster.queue.push("{", "[]", '{"kind":"takeover","from":"x","deviceId":"d-1"}', '{"kind":"takeover"}');
  cluster.deliver();
  expect(cluster.one.device.session).toBeDefined();
  expect(cluster.one.others.broken).toBe(4);
});
