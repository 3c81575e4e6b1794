/** Most device numbers one process holds. Numbers come from the registry's sequence, so they are dense. */
export const DEVICE_LIMIT = 4_194_304;
const FIRST_CAPACITY = 1024;

export const UNKNOWN_U16 = 0xffff;
export const UNKNOWN_I16 = 0x7fff;
export const UNKNOWN_BATTERY = 255;

/** What is known of each device, a row a device, the row's index being its number in the registry. Columns grow by doubling. */
export class DeviceColumns {
  capacity = FIRST_CAPACITY;
  /** 1 where the row has a believed fix. */
  hasFix = new Uint8Array(FIRST_CAPACITY);
  fixedAtMs = new Float64Array(FIRST_CAPACITY);
  seq = new Uint32Array(FIRST_CAPACITY);
  receivedAtMs = new Float64Array(FIRST_CAPACITY);
  lngE7 = new Int32Array(FIRST_CAPACITY);
  latE7 = new Int32Array(FIRST_CAPACITY);
  accuracyDm = new Uint16Array(FIRST_CAPACITY);
  speedCms = new Uint16Array(FIRST_CAPACITY);
  headingCdeg = new Uint16Array(FIRST_CAPACITY);
  altitudeM = new Int16Array(FIRST_CAPACITY);
  battery = new Uint8Array(FIRST_CAPACITY);
  flags = new Uint16Array(FIRST_CAPACITY);
  /** Receipt of the last message of any kind; 0: never. */
  heardAtMs = new Float64Array(FIRST_CAPACITY);
  clockOffsetMs = new Float64Array(FIRST_CAPACITY);
  online = new Uint8Array(FIRST_CAPACITY);
  onlineAtMs = new Float64Array(FIRST_CAPACITY);
  /** Number of the broker that said so, plus one; 0: nobody yet. */
  onlineBroker = new Uint16Array(FIRST_CAPACITY);
  /** The unit it serves; 0: none. */
  unitNo = new Uint32Array(FIRST_CAPACITY);
  maxSpeedKmh = new Float32Array(FIRST_CAPACITY);
  /** 1 where fixes wait in doubt [P5]. */
  inDoubt = new Uint8Array(FIRST_CAPACITY);

  /** Makes room for `deviceNo`; throws RangeError beyond {@link DEVICE_LIMIT}. */
  reserve(deviceNo: number): void {
    if (deviceNo < this.capacity) return;
    if (deviceNo >= DEVICE_LIMIT) {
      throw new RangeError(`device number ${deviceNo} is beyond the limit of ${DEVICE_LIMIT} devices in one process`);
    }
    let capacity = this.capacity;
    while (capacity <= deviceNo) capacity *= 2;
    this.capacity = capacity;
    this.hasFix = grown(this.hasFix, new Uint8Array(capacity));
    this.fixedAtMs = grown(this.fixedAtMs, new Float64Array(capacity));
    this.seq = grown(this.seq, new Uint32Array(capacity));
    this.receivedAtMs = grown(this.receivedAtMs, new Float64Array(capacity));
    this.lngE7 = grown(this.lngE7, new Int32Array(capacity));
    this.latE7 = grown(this.latE7, new Int32Array(capacity));
    this.accuracyDm = grown(this.accuracyDm, new Uint16Array(capacity));
    this.speedCms = grown(this.speedCms, new Uint16Array(capacity));
    this.headingCdeg = grown(this.headingCdeg, new Uint16Array(capacity));
    this.altitudeM = grown(this.altitudeM, new Int16Array(capacity));
    this.battery = grown(this.battery, new Uint8Array(capacity));
    this.flags = grown(this.flags, new Uint16Array(capacity));
    this.heardAtMs = grown(this.heardAtMs, new Float64Array(capacity));
    this.clockOffsetMs = grown(this.clockOffsetMs, new Float64Array(capacity));
    this.online = grown(this.online, new Uint8Array(capacity));
    this.onlineAtMs = grown(this.onlineAtMs, new Float64Array(capacity));
    this.onlineBroker = grown(this.onlineBroker, new Uint16Array(capacity));
    this.unitNo = grown(this.unitNo, new Uint32Array(capacity));
    this.maxSpeedKmh = grown(this.maxSpeedKmh, new Float32Array(capacity));
    this.inDoubt = grown(this.inDoubt, new Uint8Array(capacity));
  }
}

/** Copies a column into its larger successor. */
export function grown<T extends { set(from: T): void }>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
