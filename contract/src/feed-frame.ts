/**
 * A position frame of the feed: struct of arrays, little-endian, so that a desk can view the columns in place.
 *
 * ```
 * header, 40 bytes
 * 0  u32  0x31464657 'WFF1'      4  u8 kind: 1 snapshot, 2 changes   5  u8 flags: 1 coalesced   6  u16 0
 * 8  u32  count                  12 u32 fromSeq                     16 u32 toSeq               20 u32 epoch
 * 24 f64  serverTimeMs           32 f64 baseMs
 * columns, 24 bytes a unit, each column whole before the next
 * u32 unitNo · i32 lngE7 · i32 latE7 · i32 positionAt (ms after baseMs) ·
 * u16 speed cm/s · u16 heading 1/100° · u8 accuracy m · u8 status (index of UNIT_STATUSES) · u8 flags · u8 battery %
 * ```
 * `positionAt` is when the position was measured by the device's clock corrected by its offset, never after its receipt [P8]: now
 * minus it is the age. Unknown: u16 65535, accuracy 255 (254 is 254 m or more), battery 255. `baseMs` is one number per epoch, so
 * that a unit that did not change is encoded to the same bytes.
 */
export interface FeedFrame {
  readonly kind: "snapshot" | "changes";
  /** A slow reader's frame: it stands for several [F3]. */
  readonly coalesced: boolean;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly epoch: number;
  readonly serverTimeMs: number;
  readonly baseMs: number;
  readonly count: number;
  readonly columns: FeedColumns;
}

export interface FeedColumns {
  readonly unitNo: Uint32Array;
  readonly lngE7: Int32Array;
  readonly latE7: Int32Array;
  readonly positionAt: Int32Array;
  readonly speedCms: Uint16Array;
  readonly headingCdeg: Uint16Array;
  readonly accuracyM: Uint8Array;
  readonly status: Uint8Array;
  readonly flags: Uint8Array;
  readonly battery: Uint8Array;
}

/** Bits of a unit's flags in a frame. */
export const FEED_FLAG = {
  /** The unit has a position; without it lng, lat and positionAt mean nothing. */
  hasPosition: 1,
  /** Its device's connection to the broker stands. */
  online: 2,
  /** The position is older than its kind's limit [N2]. */
  stale: 4,
  /** A drill's or a simulator's data (guard rail: cannot be mistaken for real). */
  simulated: 8,
  /** Newer fixes were implausible and did not move it [P5]. */
  implausible: 16,
} as const;

export const FEED_HEADER_BYTES = 40;
export const FEED_UNIT_BYTES = 24;
const MAGIC = 0x31464657;
const KIND_CODES = { snapshot: 1, changes: 2 } as const;
const COALESCED = 1;

/** Room for a frame of `count` units and the views to fill; then {@link writeFeedHeader} makes it whole. */
export function allocateFeedFrame(count: number): { readonly bytes: Uint8Array; readonly columns: FeedColumns } {
  const bytes = new Uint8Array(FEED_HEADER_BYTES + FEED_UNIT_BYTES * count);
  return { bytes, columns: viewColumns(bytes, count) };
}

export function writeFeedHeader(bytes: Uint8Array, header: Omit<FeedFrame, "columns">): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, KIND_CODES[header.kind]);
  view.setUint8(5, header.coalesced ? COALESCED : 0);
  view.setUint32(8, header.count, true);
  view.setUint32(12, header.fromSeq, true);
  view.setUint32(16, header.toSeq, true);
  view.setUint32(20, header.epoch, true);
  view.setFloat64(24, header.serverTimeMs, true);
  view.setFloat64(32, header.baseMs, true);
}

/** Views a frame in place (copied first where its bytes are not aligned to 4); throws RangeError where it is none. */
export function decodeFeedFrame(input: Uint8Array): FeedFrame {
  // Not slice(): that of a Node Buffer is a view at the same place.
  const bytes = input.byteOffset % 4 === 0 ? input : new Uint8Array(input);
  if (bytes.length < FEED_HEADER_BYTES)
    throw new RangeError(`feed frame of ${bytes.length} bytes is shorter than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("feed frame does not begin with WFF1");
  const code = view.getUint8(4);
  if (code !== 1 && code !== 2) throw new RangeError(`feed frame kind ${code} is unknown`);
  const count = view.getUint32(8, true);
  if (bytes.length !== FEED_HEADER_BYTES + FEED_UNIT_BYTES * count) {
    throw new RangeError(`feed frame of ${bytes.length} bytes does not fit ${count} units`);
  }
  return {
    kind: code === 1 ? "snapshot" : "changes",
    coalesced: (view.getUint8(5) & COALESCED) !== 0,
    count,
    fromSeq: view.getUint32(12, true),
    toSeq: view.getUint32(16, true),
    epoch: view.getUint32(20, true),
    serverTimeMs: view.getFloat64(24, true),
    baseMs: view.getFloat64(32, true),
    columns: viewColumns(bytes, count),
  };
}

function viewColumns(bytes: Uint8Array, count: number): FeedColumns {
  const { buffer } = bytes;
  let at = bytes.byteOffset + FEED_HEADER_BYTES;
  const next = (width: number) => {
    const here = at;
    at += width * count;
    return here;
  };
  return {
    unitNo: new Uint32Array(buffer, next(4), count),
    lngE7: new Int32Array(buffer, next(4), count),
    latE7: new Int32Array(buffer, next(4), count),
    positionAt: new Int32Array(buffer, next(4), count),
    speedCms: new Uint16Array(buffer, next(2), count),
    headingCdeg: new Uint16Array(buffer, next(2), count),
    accuracyM: new Uint8Array(buffer, next(1), count),
    status: new Uint8Array(buffer, next(1), count),
    flags: new Uint8Array(buffer, next(1), count),
    battery: new Uint8Array(buffer, next(1), count),
  };
}
