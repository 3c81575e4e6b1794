import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeviceKind, PositionDatum, RefusalReason } from "@wufen/contract";
import { ClockOffset } from "../ingest/clock-offset.ts";
import { RecentFixes } from "../ingest/recent-fixes.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** A device as the registry has it. */
export interface DeviceRecord {
  readonly no: number;
  readonly id: string;
  readonly kind: DeviceKind;
  readonly datum: PositionDatum;
  readonly disabled: boolean;
  /** HMAC-SHA-256 of its secret under the device key. */
  readonly secretHash: Buffer;
  /** The unit it serves is off duty: nothing of it is collected. */
  readonly offDuty: boolean;
  /** The unit it serves. */
  readonly unitNo: number | undefined;
}

/** What the registry may do to a device's connection. */
export interface DeviceConnection {
  /** CONNACK is out. */
  readonly ready: boolean;
  /** Cuts it without a farewell. */
  drop(): void;
}

/** A device as this broker knows it: its record, and what lives as long as the process. */
export class KnownDevice {
  record: DeviceRecord;
  /** Its connection; the newest where one took over. */
  session: DeviceConnection | undefined;
  readonly publishes: TokenBucket;
  readonly recent = new RecentFixes();
  readonly clock = new ClockOffset();

  constructor(record: DeviceRecord, publishes: TokenBucket) {
    this.record = record;
    this.publishes = publishes;
  }
}

export type SignIn =
  | { readonly ok: true; readonly device: KnownDevice }
  | { readonly ok: false; readonly reason: RefusalReason; readonly deviceNo: number };

/** All devices, in memory, so that a sign-in costs one HMAC and no query. */
export class DeviceRegistry {
  readonly #byId = new Map<string, KnownDevice>();
  readonly #byNo = new Map<number, KnownDevice>();
  readonly #key: Buffer;
  readonly #newBucket: () => TokenBucket;

  constructor(key: Buffer, newBucket: () => TokenBucket) {
    this.#key = key;
    this.#newBucket = newBucket;
  }

  get size(): number {
    return this.#byNo.size;
  }

  find(id: string): KnownDevice | undefined {
    return this.#byId.get(id);
  }

  findByNo(no: number): KnownDevice | undefined {
    return this.#byNo.get(no);
  }

  list(): IterableIterator<KnownDevice> {
    return this.#byNo.values();
  }

  /** Takes over a row; a device that may no longer be connected as it is loses its connection at once. */
  put(record: DeviceRecord): void {
    const known = this.#byNo.get(record.no);
    if (known === undefined) {
      const device = new KnownDevice(record, this.#newBucket());
      this.#byNo.set(record.no, device);
      this.#byId.set(record.id, device);
      return;
    }
    const before = known.record;
    known.record = record;
    if (before.id !== record.id) {
      this.#byId.delete(before.id);
      this.#byId.set(record.id, known);
    }
    const revoked =
      record.disabled || before.id !== record.id || !before.secretHash.equals(record.secretHash) || needsOrder(record);
    if (revoked) known.session?.drop();
  }

  remove(no: number): void {
    const known = this.#byNo.get(no);
    if (known === undefined) return;
    this.#byNo.delete(no);
    this.#byId.delete(known.record.id);
    known.session?.drop();
  }

  /** Whether the secret is the device's; the same work is done for a device that does not exist. */
  signIn(id: string, secret: Buffer | string): SignIn {
    const known = this.#byId.get(id);
    const given = createHmac("sha256", this.#key).update(secret).digest();
    const wanted = known?.record.secretHash ?? this.#key;
    const equal = wanted.length === given.length && timingSafeEqual(wanted, given);
    if (known === undefined) return { ok: false, reason: "bad-credentials", deviceNo: 0 };
    const { no, disabled } = known.record;
    if (!equal) return { ok: false, reason: "bad-credentials", deviceNo: no };
    if (disabled) return { ok: false, reason: "device-disabled", deviceNo: no };
    // [O1] Orders do not exist yet, so none is in force.
    if (needsOrder(known.record)) return { ok: false, reason: "no-order", deviceNo: no };
    return { ok: true, device: known };
  }
}

export function needsOrder(record: DeviceRecord): boolean {
  return record.kind === "ankle-monitor";
}
