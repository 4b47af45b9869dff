/** Streams of video to cut and to join: frames out of IVF files, packets of captures, and packets of our own cutting. */

import { readdirSync } from 'node:fs'
import { type JoinedFrame, payloadFormat, RtpPacket } from 'purertc/rtp'
import { fixtureBytes } from '../fixture.ts'
import type { CapturedPacket } from './captured.ts'
import { cut } from './cut.ts'

export const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** The frames of an IVF file: a header of 32 bytes, and 12 in front of each frame, of which the first four are its length. */
export const framesOfIvf = (path: string): Uint8Array[] => {
  const bytes = fixtureBytes(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const frames: Uint8Array[] = []
  for (let at = 32; at < bytes.length; ) {
    const length = view.getUint32(at, true)
    frames.push(bytes.slice(at + 12, at + 12 + length))
    at += 12 + length
  }
  return frames
}

/** Files that hold one RTP packet each, in the order of their numbers. */
export const packetsOfFolder = (folder: string): CapturedPacket[] =>
  readdirSync(`fixtures/${folder}`)
    .map(name => packetOfFile(`${folder}/${name}`))
    .sort((a, b) => a.sequenceNumber - b.sequenceNumber)

const packetOfFile = (path: string): CapturedPacket => {
  const packet = new RtpPacket()
  if (!packet.parse(fixtureBytes(path))) throw new Error('no RTP packet')
  const { sequenceNumber, timestamp, marker, payload } = packet
  return { sequenceNumber, timestamp, marker, payload }
}

/** What a sender makes of frames: payloads in packets, numbered from 65500 on so that the numbers wrap. */
export const packetsOf = (encoding: string, frames: readonly JoinedFrame[], limit: number): CapturedPacket[] => {
  const packetizer = payloadFormat(encoding)!.createPacketizer(NO_PARAMETERS, 0xfffe)
  const packets: CapturedPacket[] = []
  frames.forEach((frame, index) => {
    for (const { bytes, last } of cut(packetizer, frame, limit)) {
      const sequenceNumber = (65_500 + packets.length) & 0xffff
      packets.push({ sequenceNumber, timestamp: index * 3000, marker: last, payload: bytes })
    }
  })
  return packets
}
