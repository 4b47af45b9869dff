/** Frames into RTP packets and back, for stacks that leave it to their applications. */

import { createHash } from 'node:crypto'

/** Of a payload, in bytes. */
export const LARGEST = 1100

/** RTP (RFC 3550, 5.1), without any extension. */
export const rtp = ({ payloadType, marker, sequenceNumber, timestamp, ssrc }, payload) => {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = (marker ? 0x80 : 0) | payloadType
  header.writeUInt16BE(sequenceNumber & 0xffff, 2)
  header.writeUInt32BE(timestamp >>> 0, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}

/** Where the payload of a packet is. */
export const payloadOf = packet => {
  let start = 12 + 4 * (packet[0] & 15)
  if (packet[0] & 0x10) start += 4 + 4 * packet.readUInt16BE(start + 2)
  const end = packet[0] & 0x20 ? packet.length - packet.at(-1) : packet.length
  return packet.subarray(start, end)
}

/** The payloads of a sample: a frame of VP8 (RFC 7741, 4.2), with one byte of descriptor; or a packet of sound. */
export const cut = (mimeType, sample) => {
  if (mimeType !== 'video/vp8') return [sample]
  const payloads = []
  for (let at = 0; at < sample.length; at += LARGEST) {
    payloads.push(Buffer.concat([Buffer.of(at === 0 ? 0x10 : 0), sample.subarray(at, at + LARGEST)]))
  }
  return payloads
}

/** RFC 7741, 4.2. */
const descriptorLength = payload => {
  if ((payload[0] & 0x80) === 0) return 1
  const extension = payload[1]
  const picture = extension & 0x80 ? (payload[2] & 0x80 ? 2 : 1) : 0
  return 2 + picture + (extension & 0x40 ? 1 : 0) + (extension & 0x30 ? 1 : 0)
}

const START_CODE = Buffer.of(0, 0, 0, 1)

const joiners = {
  'video/vp8': payloads => payloads.map(payload => payload.subarray(descriptorLength(payload))),
  // RFC 6184, 5.7.1 and 5.8.
  'video/h264': payloads =>
    payloads.flatMap(payload => {
      const type = payload[0] & 31
      if (type === 28) {
        const begins = payload[1] & 0x80
        const header = begins ? [START_CODE, Buffer.of((payload[0] & 0xe0) | (payload[1] & 31))] : []
        return [...header, payload.subarray(2)]
      }
      if (type !== 24) return [START_CODE, payload]
      const units = []
      for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
        units.push(START_CODE, payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)))
      }
      return units
    }),
}

/** Tells of each frame of video, and of each packet of sound, by the hash of it; packets may come in any order. */
export class Arrivals {
  #names = []
  #payloads = []
  /** By sequence number. */
  #early = new Map()
  #expected

  constructor(tell, mimeType) {
    Object.assign(this, { tell, mimeType: mimeType.toLowerCase() })
  }

  take(number, marker, payload) {
    this.#expected ??= number
    this.#early.set(number, { marker, payload })
    for (;;) {
      const next = this.#early.get(this.#expected)
      if (next === undefined) return
      this.#early.delete(this.#expected)
      this.#expected = (this.#expected + 1) & 0xffff
      if (next.payload.length > 0) this.#takeNext(next)
    }
  }

  #takeNext({ marker, payload }) {
    const { mimeType, tell } = this
    const join = joiners[mimeType]
    this.#payloads.push(payload)
    if (join !== undefined && !marker) return
    const bytes = Buffer.concat(join?.(this.#payloads) ?? this.#payloads)
    this.#payloads = []
    this.#names.push(createHash('sha256').update(bytes).digest('hex').slice(0, 16))
    tell(mimeType.split('/')[0], { frames: this.#names.length, names: this.#names, mimeType })
  }
}
