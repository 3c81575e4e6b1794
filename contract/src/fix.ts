/**
 * One measured position of one device, as it is stored and handed over.
 * Positions are WGS-84 integers of 1e-7 degree; times are Unix milliseconds.
 */
export interface Fix {
  /** The device's number in the registry. */
  readonly deviceNo: number;
  /** Device clock: when the position was measured. */
  readonly fixedAtMs: number;
  /** Distinguishes fixes of one device with the same time [P2]; 0 … 2^31−1. */
  readonly seq: number;
  /** Broker clock: when it arrived [P8]. */
  readonly receivedAtMs: number;
  readonly lngE7: number;
  readonly latE7: number;
  /** Radius, decimetres, 0 … 65,534; undefined where the device did not say. */
  readonly accuracyDm: number | undefined;
  /** cm/s, 0 … 65,534. */
  readonly speedCms: number | undefined;
  /** Hundredths of a degree clockwise from north, 0 … 35,999. */
  readonly headingCdeg: number | undefined;
  /** Metres, −32,768 … 32,766. */
  readonly altitudeM: number | undefined;
  /** Percent, 0 … 100. */
  readonly batteryPercent: number | undefined;
  /** Measured clock offset of the device: device clock − broker clock at sending, ms, where the message carried its sending time [P8]. */
  readonly clockOffsetMs: number | undefined;
  /** Bits of {@link FIX_FLAG}. */
  readonly flags: number;
}

/** Bits of {@link Fix.flags}. */
export const FIX_FLAG = {
  /** OwnTracks `t:"p"`: a fresh time on an old position. Proves that the phone lives and nothing else [P8]. */
  aliveOnly: 1,
  /** The device marked its own data as a drill's or a simulator's. */
  simulated: 2,
  /** Arrived as OwnTracks JSON (else as a binary ping). */
  ownTracks: 4,
  /** Sent by the device as one of a backlog, not at once. */
  backlog: 8,
} as const;

/** Place of a stored row in the order of commits of one broker process: epoch from a database sequence at its start, n without holes. */
export interface RowNumber {
  readonly broker: number;
  readonly epoch: number;
  readonly n: number;
}

/** Why a fix, a message or a connection was refused. Counted by reason per device [P6]. */
export const REFUSAL_REASONS = [
  "malformed",
  "oversized",
  "impossible",
  "future",
  "too-old",
  "duplicate",
  "off-duty",
  "no-order",
  "topic-not-allowed",
  "subscription-not-allowed",
  "rate-limited",
  "queue-full",
  "database-down",
  "bad-credentials",
  "device-disabled",
  "client-id-not-own",
  "too-many-connections",
  "connect-rate",
  "flapping",
  "connect-timeout",
  "slow-consumer",
  "protocol-version",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
