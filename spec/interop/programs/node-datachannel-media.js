/**
 * A libdatachannel (node-datachannel) that sends the samples that it is given, round and round, and tells of what comes by the
 * hashes of it. It cuts H264 into packets; those of the others are made and taken apart here. Driven by lines of JSON
 * (drivers/media-program.ts).
 */

import datachannel from 'node-datachannel'
import { serve } from './lines.js'
import { Arrivals, cut, LARGEST, payloadOf, rtp } from './packets.js'

const INTERVAL = 20
const CODECS = {
  'video/vp8': { payloadType: 96, clockRate: 90_000, add: (media, type) => media.addVP8Codec(type) },
  'video/h264': { payloadType: 102, clockRate: 90_000, add: (media, type) => media.addH264Codec(type) },
  'audio/opus': { payloadType: 111, clockRate: 48_000, add: (media, type) => media.addOpusCodec(type) },
  'audio/pcmu': { payloadType: 0, clockRate: 8000, add: (media, type) => media.addAudioCodec(type, 'PCMU') },
}

let streams = 0

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
    this.arrivals = new Arrivals(tell, mimeType)
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
      const payloads = cut(mimeType, sample)
      for (const [index, payload] of payloads.entries()) {
        const marker = kind === 'video' && index === payloads.length - 1
        this.track.sendMessageBinary(
          rtp({ payloadType, marker, sequenceNumber: sequenceNumber++, timestamp, ssrc }, payload),
        )
      }
    }, INTERVAL)
  }

  take(packet) {
    const type = packet[1]
    if (type >= 192 && type <= 223) return this.takeFeedback(packet)
    this.from = packet.readUInt32BE(8)
    if ((type & 0x7f) !== this.payloadType) return
    this.arrivals.take(packet.readUInt16BE(2), (type & 0x80) !== 0, payloadOf(packet))
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
