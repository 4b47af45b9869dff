/**
 * A libdatachannel (node-datachannel) that sends the samples that it is given, round and round, and tells of what comes by the
 * hashes of it. It cuts H264 into packets; those of the others are made and taken apart here. Driven by lines of JSON
 * (drivers/media-program.ts).
 */

import { createHash } from 'node:crypto'
import datachannel from 'node-datachannel'
import { serve } from './lines.js'

const INTERVAL = 20
const LARGEST = 1100
const CODECS = {
  'video/vp8': { payloadType: 96, clockRate: 90_000, add: (media, type) => media.addVP8Codec(type) },
  'video/h264': { payloadType: 102, clockRate: 90_000, add: (media, type) => media.addH264Codec(type) },
  'audio/opus': { payloadType: 111, clockRate: 48_000, add: (media, type) => media.addOpusCodec(type) },
  'audio/pcmu': { payloadType: 0, clockRate: 8000, add: (media, type) => media.addAudioCodec(type, 'PCMU') },
}

const nameOf = bytes => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

let streams = 0

/** RTP (RFC 3550, 5.1), without any extension. */
const rtp = (payloadType, marker, sequenceNumber, timestamp, ssrc, payload) => {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = (marker ? 0x80 : 0) | payloadType
  header.writeUInt16BE(sequenceNumber & 0xffff, 2)
  header.writeUInt32BE(timestamp >>> 0, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}

/** A frame of VP8 (RFC 7741, 4.2), with one byte of descriptor. */
const cutVp8 = frame => {
  const payloads = []
  for (let at = 0; at < frame.length; at += LARGEST) {
    payloads.push(Buffer.concat([Buffer.of(at === 0 ? 0x10 : 0), frame.subarray(at, at + LARGEST)]))
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

/** Puts together what comes on a track. */
const joiners = {
  'video/vp8': payloads => Buffer.concat(payloads.map(payload => payload.subarray(descriptorLength(payload)))),
  'video/h264': payloads => {
    const startCode = Buffer.of(0, 0, 0, 1)
    const parts = []
    for (const payload of payloads) {
      const type = payload[0] & 31
      if (type === 24) {
        for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
          parts.push(startCode, payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)))
        }
      } else if (type === 28) {
        if (payload[1] & 0x80) parts.push(startCode, Buffer.of((payload[0] & 0xe0) | (payload[1] & 31)))
        parts.push(payload.subarray(2))
      } else parts.push(startCode, payload)
    }
    return Buffer.concat(parts)
  },
}

/** Where the payload of a packet is (RFC 3550, 5.1). */
const payloadOf = packet => {
  let start = 12 + 4 * (packet[0] & 15)
  if (packet[0] & 0x10) start += 4 + 4 * packet.readUInt16BE(start + 2)
  const end = packet[0] & 0x20 ? packet.length - packet.at(-1) : packet.length
  return packet.subarray(start, end)
}

/** The payload type of a codec in an m-section: of H264 that which the library speaks, among the variants of a browser. */
const offeredType = (section, mimeType) => {
  const variant = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'
  const pattern = mimeType === 'video/h264' ? `fmtp:(\\d+) ${variant}` : `rtpmap:(\\d+) ${mimeType.split('/')[1]}/`
  return Number(new RegExp(`a=${pattern}`, 'i').exec(section)[1])
}

class Stream {
  constructor(tell, kind, mimeType, samples) {
    Object.assign(this, { tell, kind, samples, ssrc: 1000 + streams++, codec: CODECS[mimeType.toLowerCase()] })
    this.mimeType = mimeType.toLowerCase()
    this.names = []
    this.payloads = []
    /** What came before its turn, by sequence number. */
    this.early = new Map()
    this.asked = { keyFrames: 0, packets: 0 }
  }

  /** Takes its place in an m-section; the payload type is that of the offer. */
  attach(pc, mid, payloadType = this.codec.payloadType) {
    const { kind, codec, ssrc, mimeType } = this
    this.payloadType = payloadType
    const media = new (kind === 'video' ? datachannel.Video : datachannel.Audio)(mid, 'SendRecv')
    codec.add(media, payloadType)
    media.addSSRC(ssrc, 'datachannel', 'stream', kind)
    this.track = pc.addTrack(media)
    this.track.onMessage(packet => this.take(packet))
    if (mimeType === 'video/h264') {
      this.config = new datachannel.RtpPacketizationConfig(ssrc, 'datachannel', payloadType, codec.clockRate)
      const packetizer = new datachannel.H264RtpPacketizer('LongStartSequence', this.config, LARGEST)
      packetizer.addToChain(new datachannel.RtcpNackResponder())
      this.track.setMediaHandler(packetizer)
    }
    let sequenceNumber = 1
    let at = 0
    this.next = 0
    this.timer = setInterval(() => {
      if (!this.track.isOpen()) return
      const sample = this.samples[this.next++ % this.samples.length]
      const timestamp = (at++ * INTERVAL * codec.clockRate) / 1000
      if (this.config !== undefined) {
        this.config.timestamp = timestamp
        this.track.sendMessageBinary(sample)
        return
      }
      const payloads = mimeType === 'video/vp8' ? cutVp8(sample) : [sample]
      for (const [index, payload] of payloads.entries()) {
        const marker = kind === 'video' && index === payloads.length - 1
        this.track.sendMessageBinary(rtp(payloadType, marker, sequenceNumber++, timestamp, ssrc, payload))
      }
    }, INTERVAL)
  }

  take(packet) {
    const type = packet[1]
    if (type >= 192 && type <= 223) return this.takeFeedback(packet)
    this.from = packet.readUInt32BE(8)
    if ((type & 0x7f) !== this.payloadType) return
    const number = packet.readUInt16BE(2)
    this.expected ??= number
    this.early.set(number, packet)
    for (let next = this.early.get(this.expected); next !== undefined; next = this.early.get(this.expected)) {
      this.early.delete(this.expected)
      this.expected = (this.expected + 1) & 0xffff
      this.takeNext(next[1], payloadOf(next))
    }
  }

  takeNext(type, payload) {
    if (payload.length === 0) return
    const join = joiners[this.mimeType]
    this.payloads.push(payload)
    if (join !== undefined && !(type & 0x80)) return
    this.names.push(nameOf(join === undefined ? payload : join(this.payloads)))
    this.payloads = []
    this.tell(this.kind, { frames: this.names.length, names: this.names, mimeType: this.mimeType })
  }

  /** What is asked for of what it sends, in compound packets too. */
  takeFeedback(packet) {
    for (let at = 0; at + 12 <= packet.length; at += 4 + 4 * packet.readUInt16BE(at + 2)) {
      const [format, type] = [packet[at] & 31, packet[at + 1]]
      if (type === 206 && (format === 1 || format === 4)) {
        this.asked.keyFrames++
        if (this.obeys) this.next = 0
      }
      if (type === 205 && format === 1) this.asked.packets++
    }
    this.tell('asked', this.asked)
  }

  /** RFC 4585, 6.3.1. */
  askForKeyFrame() {
    const packet = Buffer.from('81ce00020000000000000000', 'hex')
    packet.writeUInt32BE(this.ssrc, 4)
    packet.writeUInt32BE(this.from, 8)
    this.track.sendMessageBinary(packet)
  }

  stop() {
    clearInterval(this.timer)
    this.track?.close()
  }
}

serve(tell => {
  const pc = new datachannel.PeerConnection('peer', { iceServers: [], disableAutoNegotiation: true })
  const streams = new Map()
  const held = []
  pc.onStateChange(state => tell('state', state))
  pc.onTrack(track => held.push(track))

  /** The description, when it has all of its candidates. */
  const described = async type => {
    const gathered = new Promise(resolve => {
      pc.onGatheringStateChange(state => state === 'complete' && resolve())
    })
    pc.setLocalDescription(type)
    if (pc.gatheringState() !== 'complete') await gathered
    return pc.localDescription()
  }

  return {
    send(kind, mimeType, samples) {
      const bytes = samples.map(sample => Buffer.from(sample, 'base64'))
      streams.set(kind, new Stream(tell, kind, mimeType, bytes))
    },
    stop(kind) {
      streams.get(kind).stop()
      streams.delete(kind)
    },
    offer() {
      for (const [kind, stream] of streams) if (stream.track === undefined) stream.attach(pc, kind)
      return described('offer')
    },
    answer({ sdp }) {
      for (const section of sdp.split(/^m=/m).slice(1)) {
        const stream = streams.get(section.split(' ')[0])
        if (stream === undefined || stream.track !== undefined) continue
        stream.attach(pc, /a=mid:(\S+)/.exec(section)[1], offeredType(section, stream.mimeType))
      }
      pc.setRemoteDescription(sdp, 'offer')
      return described('answer')
    },
    accept({ sdp }) {
      pc.setRemoteDescription(sdp, 'answer')
    },
    /** Begins anew, with the first sample, when a key frame is asked for. */
    obey() {
      for (const stream of streams.values()) stream.obeys = true
    },
    askForKeyFrame() {
      streams.get('video').askForKeyFrame()
    },
    close() {
      for (const stream of streams.values()) stream.stop()
      pc.close()
    },
  }
})
