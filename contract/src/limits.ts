/** Named limits of the wire. A sender that keeps them is never refused for size or number. */
export const LIMITS = {
  /** Largest MQTT packet and OwnTracks HTTP body a device may send, bytes. */
  packetBytes: 4096,
  /** Most fixes in one binary ping: what fits into one packet. */
  fixesPerPing: 120,
  /** How far in the future a fix may lie [P4], ms. */
  futureSkewMs: 120_000,
  /** Longest wait of a QoS 1 publish for the database [P9], ms. */
  commitWaitMs: 10_000,
  /** Largest REST body, bytes. */
  restBodyBytes: 1_048_576,
  /** Most bytes a desk may send over its feed socket in one message. */
  feedClientMessageBytes: 16_384,
  /** Longest text of a name, label or callsign, characters. */
  nameLength: 80,
} as const;
