import type { RefusalReason } from "@wufen/contract";
import type { Limits } from "../config.ts";
import { TokenBucket } from "./token-bucket.ts";

const SWEEP_EVERY = 1000;

interface AddressState {
  connections: number;
  readonly connects: TokenBucket;
}

type AddressLimitSettings = Pick<
  Limits,
  "connections" | "connectionsPerAddress" | "connectsPerAddressPerSecond" | "connectBurstPerAddress"
>;

/** Counts sockets itself, in all and by address, and how fast an address opens them. */
export class AddressLimits {
  readonly #limits: AddressLimitSettings;
  readonly #addresses = new Map<string, AddressState>();
  #total = 0;
  #sinceSweep = 0;

  constructor(limits: AddressLimitSettings) {
    this.#limits = limits;
  }

  get connections(): number {
    return this.#total;
  }

  /** Takes a place, or says why there is none; a place taken is given back with {@link close}. */
  open(address: string, nowMs: number): RefusalReason | undefined {
    const state = this.#state(address, nowMs);
    if (!state.connects.take(nowMs)) return "connect-rate";
    if (this.#total >= this.#limits.connections || state.connections >= this.#limits.connectionsPerAddress) {
      return "too-many-connections";
    }
    state.connections++;
    this.#total++;
    return undefined;
  }

  /** Whether an address may make one more request that is no connection of its own; it counts as fast as a connect. */
  knock(address: string, nowMs: number): boolean {
    return this.#state(address, nowMs).connects.take(nowMs);
  }

  close(address: string): void {
    const state = this.#addresses.get(address);
    if (state !== undefined) state.connections--;
    this.#total--;
  }

  #state(address: string, nowMs: number): AddressState {
    if (++this.#sinceSweep >= SWEEP_EVERY) {
      this.#sinceSweep = 0;
      for (const [known, { connections, connects }] of this.#addresses) {
        if (connections === 0 && connects.isFull(nowMs)) this.#addresses.delete(known);
      }
    }
    let state = this.#addresses.get(address);
    if (state === undefined) {
      const { connectsPerAddressPerSecond, connectBurstPerAddress } = this.#limits;
      state = { connections: 0, connects: new TokenBucket(connectsPerAddressPerSecond, connectBurstPerAddress, nowMs) };
      this.#addresses.set(address, state);
    }
    return state;
  }
}
