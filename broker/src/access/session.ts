import type { Duplex } from "node:stream";
import type { DeviceTopic } from "@wufen/contract";
import type { DeviceConnection, KnownDevice } from "./device-registry.ts";
import { PacketGuard } from "./packet-guard.ts";

/** Why a connection is not read for the moment. */
export type Hold = "connecting" | "waiting" | "full" | "rate";

/** One connection, from its socket to its end. */
export class Session implements DeviceConnection {
  readonly conn: Duplex;
  readonly address: string;
  readonly guard: PacketGuard;
  device: KnownDevice | undefined;
  /** CONNACK is out: packets after CONNECT may pass. */
  ready = false;
  closed = false;
  hold: Hold | undefined;
  rateTimer: NodeJS.Timeout | undefined;
  /** Publishes let through and not yet acknowledged or dropped. */
  waiting = 0;
  /** A device keeps publishing to one topic; its reading is kept. */
  topic = "";
  parsedTopic: DeviceTopic | undefined;

  constructor(conn: Duplex, address: string, packetBytes: number) {
    this.conn = conn;
    this.address = address;
    this.guard = new PacketGuard(packetBytes);
  }

  /** Cuts the connection without a farewell. */
  drop(): void {
    this.conn.destroy();
  }

  release(hold: Hold): void {
    if (this.hold !== hold) return;
    // Not at once: the parser of aedes must have returned from the chunk before.
    process.nextTick(wake, this, hold);
  }
}

function wake(session: Session, hold: Hold): void {
  if (session.hold !== hold || session.closed) return;
  session.hold = undefined;
  session.conn.emit("readable");
}
