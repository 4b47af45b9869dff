/** Packets out of captures: pcap with Ethernet, IPv4 and UDP around them, and rtpdump; and what a network does to them. */

import { RtpPacket } from 'purertc/rtp'
import type { SeededRandom } from '../../lib/sim/index.ts'
import { fixtureBytes } from '../fixture.ts'

export interface CapturedPacket {
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly marker: boolean
  readonly payload: Uint8Array
}

const packetOf = (bytes: Uint8Array): CapturedPacket => {
  const packet = new RtpPacket()
  if (!packet.parse(bytes)) throw new Error('no RTP packet')
  const { sequenceNumber, timestamp, marker, payloadStart, payloadEnd } = packet
  return { sequenceNumber, timestamp, marker, payload: bytes.slice(payloadStart, payloadEnd) }
}

const UDP_HEADERS = 14 + 20 + 8

/** A little-endian pcap file of one RTP stream. */
export const packetsOfPcap = (path: string): CapturedPacket[] => {
  const bytes = fixtureBytes(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const packets: CapturedPacket[] = []
  for (let at = 24; at < bytes.length; ) {
    const length = view.getUint32(at + 8, true)
    packets.push(packetOf(bytes.slice(at + 16 + UDP_HEADERS, at + 16 + length)))
    at += 16 + length
  }
  return packets
}

/** A file of rtpdump: a line, 16 bytes, and each packet behind 8 bytes of which the second two are its length. */
export const packetsOfRtpdump = (path: string): CapturedPacket[] => {
  const bytes = fixtureBytes(path)
  const packets: CapturedPacket[] = []
  for (let at = bytes.indexOf(0x0a) + 1 + 16; at < bytes.length; ) {
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    packets.push(packetOf(bytes.slice(at + 8, at + 8 + length)))
    at += 8 + length
  }
  return packets
}

/** One in twenty is lost, one in twenty comes twice, and each is up to `late` places late. */
export const disturbed = (
  packets: readonly CapturedPacket[],
  random: SeededRandom,
  late: number,
): readonly CapturedPacket[] => {
  const placed: { readonly packet: CapturedPacket; readonly place: number }[] = []
  packets.forEach((packet, index) => {
    const fate = random.unit()
    if (fate < 0.05) return
    placed.push({ packet, place: index + random.unit() * late })
    if (fate < 0.1) placed.push({ packet, place: index + random.unit() * late })
  })
  return placed.sort((a, b) => a.place - b.place).map(({ packet }) => packet)
}

/**
 * The frames that are whole, as lists of their packets: what came is put in order, and of one timestamp everything is there
 * from behind the packet before to the marker bit.
 * @param first The sequence number with which the first frame begins.
 */
export const wholeFrames = (packets: readonly CapturedPacket[], first: number): CapturedPacket[][] => {
  const places = new Map(packets.map(packet => [((packet.sequenceNumber - first) << 16) >> 16, packet]))
  const order = [...places.keys()].sort((a, b) => a - b)
  const frames: CapturedPacket[][] = []
  let frame: CapturedPacket[] | undefined = []
  let last = -1
  for (const place of order) {
    const packet = places.get(place)!
    if (place !== last + 1) frame = undefined
    if (frame?.[0] !== undefined && frame[0].timestamp !== packet.timestamp) frame = []
    frame?.push(packet)
    if (packet.marker) {
      if (frame !== undefined) frames.push(frame)
      frame = []
    }
    last = place
  }
  return frames
}
