import type { Fix } from "@wufen/contract";
import type { KnownDevice } from "../access/device-registry.ts";
import type { Ticket } from "./ticket.ts";

/** A fix on its way to the database. */
export interface QueuedFix {
  readonly fix: Fix;
  readonly device: KnownDevice;
  /** Undefined: QoS 0, nobody waits, and an outage drops it [P9]. */
  readonly ticket: Ticket | undefined;
}
