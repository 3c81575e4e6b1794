/** The few MQTT 3.1.1 packets a device needs, written by hand: the load generator must cost less than what it measures. */

export function connectPacket(deviceId: string, secret: string, keepaliveSeconds: number): Buffer {
  const id = text(deviceId);
  const body = Buffer.concat([
    text("MQTT"),
    // Level 4 (3.1.1); user name, password, clean session.
    Buffer.from([4, 0xc2, keepaliveSeconds >> 8, keepaliveSeconds & 0xff]),
    id,
    id,
    text(secret),
  ]);
  return Buffer.concat([Buffer.from([0x10]), remainingLength(body.length), body]);
}

/** QoS 1; `duplicate` marks a repetition after a lost connection. */
export function publishPacket(topic: Buffer, packetId: number, payload: Uint8Array, duplicate: boolean): Buffer {
  const length = topic.length + 2 + payload.length;
  const size = remainingLength(length);
  const packet = Buffer.allocUnsafe(1 + size.length + length);
  packet[0] = duplicate ? 0x3a : 0x32;
  let at = size.copy(packet, 1) + 1;
  at += topic.copy(packet, at);
  at = packet.writeUInt16BE(packetId, at);
  packet.set(payload, at);
  return packet;
}

/** A length-prefixed string as every MQTT field is. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.allocUnsafe(2);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

export type Answer =
  | { readonly kind: "connack"; readonly code: number }
  | { readonly kind: "puback"; readonly packetId: number };

/**
 * Reads the whole answers (CONNACK, PUBACK: both of 4 bytes) at the start of `bytes` and gives back the rest.
 * Other packets are passed over by their length.
 */
export function readAnswers(bytes: Buffer, onAnswer: (answer: Answer) => void): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    const length = bytes[at + 1] as number;
    if (length >= 128)
      throw new RangeError(`answer of ${length} or more bytes: the load generator subscribes to nothing`);
    if (bytes.length - at < 2 + length) break;
    const type = (bytes[at] as number) >> 4;
    if (type === 2) onAnswer({ kind: "connack", code: bytes[at + 3] as number });
    else if (type === 4) onAnswer({ kind: "puback", packetId: bytes.readUInt16BE(at + 2) });
    at += 2 + length;
  }
  return bytes.subarray(at);
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const low = rest & 0x7f;
    rest >>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}
