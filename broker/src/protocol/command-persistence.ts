import { Readable } from "node:stream";
import type { PublishPacket, Subscription } from "aedes";

/** What aedes stores of a packet. */
export interface StoredPacket extends PublishPacket {
  brokerId?: string;
  brokerCounter?: number;
  clientId?: string;
}

/** Says of a packet that a device published it, before aedes does. */
export function markAsDevices(packet: StoredPacket, deviceId: string): void {
  packet.clientId = deviceId;
}

interface ClientLike {
  readonly id: string;
}
interface Kept {
  packet: StoredPacket;
  readonly sinceMs: number;
}
type Recorded = Pick<Subscription, "topic" | "qos">;

export interface CommandPersistenceOptions {
  /** Most commands kept for one device that is away; the oldest goes. */
  readonly queue: number;
  readonly ageMs: number;
  nowMs(): number;
  /** Whether the device may hold the subscription: aedes stores refused ones too. */
  mayHold(clientId: string, filter: string): boolean;
}

/**
 * The memory of aedes, bounded: sessions of clean=false keep only their own command subscriptions, commands wait in short queues that
 * age, and nothing is retained. A device's id is its client id, so there are at most as many sessions as devices.
 */
export class CommandPersistence {
  broker: { id: string } | undefined;
  readonly #options: CommandPersistenceOptions;
  readonly #subscriptions = new Map<string, Map<string, Recorded>>();
  readonly #outgoing = new Map<string, Kept[]>();
  readonly #incoming = new Map<string, Map<number, StoredPacket>>();
  readonly #wills = new Map<string, StoredPacket>();

  constructor(options: CommandPersistenceOptions) {
    this.#options = options;
  }

  async setup(broker: { id: string }): Promise<void> {
    this.broker = broker;
  }

  async storeRetained(): Promise<void> {}

  createRetainedStream(): Readable {
    return Readable.from([]);
  }

  createRetainedStreamCombi(): Readable {
    return Readable.from([]);
  }

  async addSubscriptions(client: ClientLike, subscriptions: readonly Recorded[]): Promise<void> {
    for (const { topic, qos } of subscriptions) {
      if (!this.#options.mayHold(client.id, topic)) continue;
      const held = this.#subscriptions.get(client.id) ?? new Map<string, Recorded>();
      held.set(topic, { topic, qos });
      this.#subscriptions.set(client.id, held);
    }
  }

  async removeSubscriptions(client: ClientLike, topics: readonly string[]): Promise<void> {
    const held = this.#subscriptions.get(client.id);
    for (const topic of topics) held?.delete(topic);
    if (held?.size === 0) this.#subscriptions.delete(client.id);
  }

  async subscriptionsByClient(client: ClientLike): Promise<Recorded[]> {
    return [...(this.#subscriptions.get(client.id)?.values() ?? [])];
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    let subsCount = 0;
    for (const held of this.#subscriptions.values()) subsCount += held.size;
    return { subsCount, clientsCount: this.#subscriptions.size };
  }

  /** No filter has a wildcard, and a topic names its device in its second level. */
  async subscriptionsByTopic(topic: string): Promise<(Recorded & { clientId: string })[]> {
    const clientId = topic.split("/")[1] ?? "";
    const held = this.#subscriptions.get(clientId)?.get(topic);
    return held === undefined || held.qos === 0 ? [] : [{ clientId, ...held }];
  }

  async cleanSubscriptions(client: ClientLike): Promise<void> {
    this.#subscriptions.delete(client.id);
    this.#outgoing.delete(client.id);
  }

  async outgoingEnqueue(subscription: { clientId: string }, packet: StoredPacket): Promise<void> {
    // Only we command: aedes would also keep what a device publishes, or leaves as its will, to another's command topic.
    if (packet.clientId !== undefined) return;
    const queue = this.#queue(subscription.clientId);
    queue.push({ packet: { ...packet }, sinceMs: this.#options.nowMs() });
    if (queue.length > this.#options.queue) queue.shift();
    this.#outgoing.set(subscription.clientId, queue);
  }

  async outgoingEnqueueCombi(subscriptions: readonly { clientId: string }[], packet: StoredPacket): Promise<void> {
    for (const subscription of subscriptions) await this.outgoingEnqueue(subscription, packet);
  }

  async outgoingUpdate(client: ClientLike, packet: StoredPacket): Promise<void> {
    for (const kept of this.#outgoing.get(client.id) ?? []) {
      const same = kept.packet.brokerId === packet.brokerId;
      if (same && kept.packet.brokerCounter === packet.brokerCounter) {
        if (packet.messageId !== undefined) kept.packet.messageId = packet.messageId;
        return;
      }
      if (!same && kept.packet.messageId === packet.messageId) {
        kept.packet = packet;
        return;
      }
    }
    // Pushed out by newer commands: it is sent once and not kept. An error would close the connection.
  }

  async outgoingClearMessageId(client: ClientLike, packet: { messageId?: number }): Promise<StoredPacket | undefined> {
    const queue = this.#outgoing.get(client.id) ?? [];
    const at = queue.findIndex((kept) => kept.packet.messageId === packet.messageId);
    const [found] = at < 0 ? [] : queue.splice(at, 1);
    if (queue.length === 0) this.#outgoing.delete(client.id);
    return found?.packet;
  }

  outgoingStream(client: ClientLike): Readable {
    return Readable.from(this.#queue(client.id).map(({ packet }) => packet));
  }

  async incomingStorePacket(client: ClientLike, packet: StoredPacket): Promise<void> {
    const stored = this.#incoming.get(client.id) ?? new Map<number, StoredPacket>();
    // A duplicate is told by its number; what it said went to the database.
    stored.set(packet.messageId ?? 0, { ...packet, payload: "" });
    this.#incoming.set(client.id, stored);
  }

  async incomingGetPacket(client: ClientLike, packet: { messageId?: number }): Promise<StoredPacket> {
    const found = this.#incoming.get(client.id)?.get(packet.messageId ?? 0);
    if (found === undefined) throw new Error("no such packet");
    return found;
  }

  async incomingDelPacket(client: ClientLike, packet: { messageId?: number }): Promise<void> {
    const stored = this.#incoming.get(client.id);
    if (stored?.delete(packet.messageId ?? 0) !== true) throw new Error("no such packet");
    if (stored.size === 0) this.#incoming.delete(client.id);
  }

  async cleanIncoming(client: ClientLike): Promise<void> {
    this.#incoming.delete(client.id);
  }

  async putWill(client: ClientLike, packet: StoredPacket): Promise<void> {
    if (this.broker !== undefined) packet.brokerId = this.broker.id;
    packet.clientId = client.id;
    this.#wills.set(client.id, packet);
  }

  async getWill(client: ClientLike): Promise<StoredPacket | undefined> {
    return this.#wills.get(client.id);
  }

  async delWill(client: ClientLike): Promise<StoredPacket | undefined> {
    const will = this.#wills.get(client.id);
    this.#wills.delete(client.id);
    return will;
  }

  streamWill(): Readable {
    return Readable.from([]);
  }

  getClientList(topic: string): Readable {
    const clientId = topic.split("/")[1] ?? "";
    return Readable.from(this.#subscriptions.get(clientId)?.has(topic) === true ? [clientId] : []);
  }

  async destroy(): Promise<void> {}

  /** The commands that wait for a device and are not too old. */
  #queue(clientId: string): Kept[] {
    const oldestMs = this.#options.nowMs() - this.#options.ageMs;
    const queue = (this.#outgoing.get(clientId) ?? []).filter(({ sinceMs }) => sinceMs >= oldestMs);
    if (queue.length > 0) this.#outgoing.set(clientId, queue);
    else this.#outgoing.delete(clientId);
    return queue;
  }
}
