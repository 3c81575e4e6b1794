import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { CommandPersistence, type StoredPacket } from "./command-persistence.ts";

let nowMs = 0;
const OPTIONS = {
  queue: 3,
  ageMs: 1000,
  nowMs: () => nowMs,
  mayHold: (id: string, filter: string) => filter === `wufen/${id}/cmd`,
};
const device = { id: "d-1" };

function packet(brokerCounter: number): StoredPacket {
  const payload = Buffer.from(String(brokerCounter));
  return {
    cmd: "publish",
    topic: "wufen/d-1/cmd",
    payload,
    qos: 1,
    dup: false,
    retain: false,
    brokerId: "b",
    brokerCounter,
  };
}

async function drain(stream: Readable): Promise<unknown[]> {
  return (await stream.toArray()).map(({ brokerCounter }: StoredPacket) => brokerCounter);
}

describe("CommandPersistence", () => {
  test("keeps of a session only what the device may hold", async () => {
    const persistence = new CommandPersistence(OPTIONS);
    await persistence.addSubscriptions(device, [
      { topic: "#", qos: 1 },
      { topic: "wufen/d-1/cmd", qos: 1 },
      { topic: "wufen/d-2/cmd", qos: 1 },
    ]);
    expect(await persistence.subscriptionsByClient(device)).toEqual([{ topic: "wufen/d-1/cmd", qos: 1 }]);
    expect(await persistence.subscriptionsByTopic("wufen/d-1/cmd")).toEqual([
      { clientId: "d-1", topic: "wufen/d-1/cmd", qos: 1 },
    ]);
    expect(await persistence.countOffline()).toEqual({ subsCount: 1, clientsCount: 1 });
    await persistence.removeSubscriptions(device, ["wufen/d-1/cmd"]);
    expect(await persistence.countOffline()).toEqual({ subsCount: 0, clientsCount: 0 });
  });

  test("caps the queue in number, the oldest goes, and in age", async () => {
    const persistence = new CommandPersistence(OPTIONS);
    nowMs = 0;
    for (let i = 1; i <= 5; i++) {
      nowMs = i * 100;
      await persistence.outgoingEnqueueCombi([{ clientId: "d-1" }], packet(i));
    }
    expect(await drain(persistence.outgoingStream(device))).toEqual([3, 4, 5]);
    nowMs = 1450;
    expect(await drain(persistence.outgoingStream(device))).toEqual([5]);
    nowMs = 2000;
    expect(await drain(persistence.outgoingStream(device))).toEqual([]);
  });

  test("follows a QoS 1 delivery by its message id", async () => {
    const persistence = new CommandPersistence(OPTIONS);
    await persistence.outgoingEnqueue({ clientId: "d-1" }, packet(1));
    await persistence.outgoingUpdate(device, { ...packet(1), messageId: 42 });
    expect((await persistence.outgoingClearMessageId(device, { messageId: 42 }))?.brokerCounter).toBe(1);
    expect(await persistence.outgoingClearMessageId(device, { messageId: 42 })).toBeUndefined();
    // One that newer commands pushed out is no reason to close the connection.
    await persistence.outgoingUpdate(device, packet(1));
  });

  test("a clean session forgets all, and nothing is retained", async () => {
    const persistence = new CommandPersistence(OPTIONS);
    await persistence.addSubscriptions(device, [{ topic: "wufen/d-1/cmd", qos: 1 }]);
    await persistence.outgoingEnqueue({ clientId: "d-1" }, packet(1));
    await persistence.cleanSubscriptions(device);
    expect(await persistence.subscriptionsByClient(device)).toEqual([]);
    expect(await drain(persistence.outgoingStream(device))).toEqual([]);
    await persistence.storeRetained();
    expect(await persistence.createRetainedStreamCombi().toArray()).toEqual([]);
  });
});
