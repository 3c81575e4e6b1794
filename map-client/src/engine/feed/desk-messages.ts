import type { FeedHealth, FeedUnit } from "@wufen/contract";

/** State of the feed as the connection badge shows it. */
export type LinkState =
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "loading" }
  | { readonly state: "live" }
  | { readonly state: "waiting"; readonly retryAtMs: number; readonly attempt: number }
  | { readonly state: "refused"; readonly code: string; readonly reason: string };

/** A decoded position frame: columns of one length, positions as world mercator. */
export interface UnitColumns {
  readonly snapshot: boolean;
  readonly count: number;
  readonly unitNo: Uint32Array;
  readonly x: Uint32Array;
  readonly y: Uint32Array;
  /** ms after `baseMs`, by the server's clock. */
  readonly positionAt: Int32Array;
  readonly baseMs: number;
  readonly speedCms: Uint16Array;
  readonly headingCdeg: Uint16Array;
  readonly accuracyM: Uint8Array;
  readonly status: Uint8Array;
  readonly flags: Uint8Array;
  readonly battery: Uint8Array;
}

export interface UnitsChange {
  readonly all: boolean;
  readonly upsert: readonly FeedUnit[];
  readonly remove: readonly number[];
  /** Unit numbers in the order of callsigns; present where that order changed. */
  readonly order?: Uint32Array;
}

/** Feed worker → desk. */
export type FromFeedWorker =
  | { readonly type: "link"; readonly link: LinkState }
  | { readonly type: "clock"; readonly offsetMs: number; readonly roundTripMs: number }
  | { readonly type: "units"; readonly change: UnitsChange }
  | { readonly type: "frame"; readonly columns: UnitColumns; readonly delayMs: number; readonly coalesced: boolean }
  | { readonly type: "health"; readonly health: FeedHealth }
  | { readonly type: "lagging"; readonly skippedFrames: number };

/** Desk → feed worker. */
export type ToFeedWorker = { readonly type: "connect"; readonly url: string } | { readonly type: "disconnect" };
