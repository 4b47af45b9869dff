/**
 * RTP alone, without a network: a packet with header extensions of both forms, written into a pooled datagram and read in
 * place; the dependency descriptor of a key frame; RTCP written, read, and cut to datagrams; and what becomes of garbage.
 */

import { PacketPool } from 'purertc/bytes'
import {
  AUDIO_LEVEL_URI,
  appendPayload,
  cnameOf,
  type DependencyDescriptor,
  DependencyDescriptorReader,
  type DependencyStructure,
  decodeRtcp,
  ExtensionWriter,
  encodeRtcp,
  isCompoundRtcp,
  isRtcp,
  MID_URI,
  middleOf,
  ntpOf,
  packRtcp,
  putAudioLevel,
  putDependencyDescriptor,
  putMid,
  putSendTime,
  RtpPacket,
  readAudioLevel,
  readMid,
  readSendTime,
  readVoiceActivity,
  SEND_TIME_URI,
  sendTimeOf,
  Unwrapper,
  writeRtpHeader,
} from 'purertc/rtp'

// What a description has agreed on (RFC 8285): a number for each URI.
const ids = new Map([
  [MID_URI, 1],
  [SEND_TIME_URI, 2],
  [AUDIO_LEVEL_URI, 3],
])
const idOf = (uri: string): number => ids.get(uri) ?? 0

// Out: a pool of datagrams, one writer of extensions, and each byte written once.
const pool = new PacketPool()
const extensions = new ExtensionWriter()
const voice = new Uint8Array(160).fill(0xd5)
putMid(extensions, idOf(MID_URI), 'audio')
putSendTime(extensions, idOf(SEND_TIME_URI), sendTimeOf(12_345))
putAudioLevel(extensions, idOf(AUDIO_LEVEL_URI), 35, true)
const out = pool.take()
writeRtpHeader(out, { marker: true, payloadType: 8, sequenceNumber: 65_535, timestamp: 160, ssrc: 0xcafe }, extensions)
appendPayload(out, voice, 0, voice.length)
console.log(`${out.length} bytes, RTCP: ${isRtcp(out.view())}`)

// In: one object for all packets. Nothing is copied; what was found is a range of its bytes.
const packet = new RtpPacket()
if (!packet.parse(out.view())) throw new Error('no RTP packet')
console.log(
  `sequence number ${packet.sequenceNumber}, payload type ${packet.payloadType}, ${packet.payload.length} bytes`,
)
if (packet.findExtension(idOf(MID_URI))) {
  console.log(`mid ${readMid(packet.bytes, packet.extensionStart, packet.extensionEnd)}`)
}
if (packet.findExtension(idOf(AUDIO_LEVEL_URI))) {
  const { bytes, extensionStart, extensionEnd } = packet
  const level = readAudioLevel(bytes, extensionStart, extensionEnd)
  console.log(`-${level} dBov, speech: ${readVoiceActivity(bytes, extensionStart, extensionEnd)}`)
}
if (packet.findExtension(idOf(SEND_TIME_URI))) {
  console.log(`sent at ${readSendTime(packet.bytes, packet.extensionStart, packet.extensionEnd)} / 2^18 s`)
}
out.release()

// Sequence numbers begin again; counted on they do not.
const unwrapper = new Unwrapper()
console.log([65_534, 65_535, 1, 0].map(number => unwrapper.unwrap(number)).join(', '))

// A key frame of three temporal layers says how its stream hangs together; the next frames name a template of it. For each
// target (all layers, two, one): 0 nothing of the frame, 1 to be left out, 2 to begin with, 3 needed.
const layer = (temporalLayer: number, indications: number[], frameDiffs: number[], chainDiffs: number[]) => ({
  spatialLayer: 0,
  temporalLayer,
  indications,
  frameDiffs,
  chainDiffs,
})
const key = layer(0, [2, 2, 2], [], [0])
const upper = layer(2, [1, 0, 0], [1], [1])
const templates = [
  key,
  layer(0, [2, 2, 2], [4], [4]),
  layer(1, [2, 1, 0], [2], [2]),
  upper,
  layer(2, [1, 0, 0], [1], [3]),
]
const structure: DependencyStructure = {
  templateIdOffset: 0,
  decodeTargets: 3,
  chains: 1,
  protectedBy: [0, 0, 0],
  templates,
  resolutions: [{ width: 1280, height: 720 }],
}
const descriptors = new DependencyDescriptorReader()
const frames: DependencyDescriptor[] = [
  { startOfFrame: true, endOfFrame: true, frameNumber: 1, ...key, structure },
  { startOfFrame: true, endOfFrame: true, frameNumber: 2, ...upper },
]
for (const frame of frames) {
  extensions.reset()
  // Where forms may be mixed (a=extmap-allow-mixed), the two-byte form is taken for what is longer than 16 bytes.
  extensions.mixed = true
  putDependencyDescriptor(extensions, 4, frame, structure)
  const video = pool.take()
  writeRtpHeader(
    video,
    { marker: true, payloadType: 45, sequenceNumber: frame.frameNumber, timestamp: 0, ssrc: 1 },
    extensions,
  )
  if (!packet.parse(video.view()) || !packet.findExtension(4)) throw new Error('no descriptor')
  const read = descriptors.read(packet.bytes, packet.extensionStart, packet.extensionEnd)
  const form = packet.extensionProfile.toString(16)
  console.log(
    `${form}, ${packet.extensionEnd - packet.extensionStart} bytes: frame ${read?.frameNumber}, T${read?.temporalLayer}`,
    `of ${read?.resolution?.width} x ${read?.resolution?.height}`,
  )
  video.release()
}

// RTCP: a sender's report with its name. The caller says what time it is.
const ntp = ntpOf(1_700_000_000_500)
const compound = encodeRtcp([
  {
    type: 'sender-report',
    ssrc: 0xcafe,
    ntpSeconds: ntp.seconds,
    ntpFraction: ntp.fraction,
    rtpTimestamp: 160,
    packetCount: 1,
    octetCount: voice.length,
    reports: [],
  },
  { type: 'source-description', chunks: [{ ssrc: 0xcafe, items: [{ item: 1, text: 'a name for all my streams' }] }] },
])
console.log(`compound: ${isCompoundRtcp(compound)}, told back as ${middleOf(ntp).toString(16)}`)
for (const each of decodeRtcp(compound).packets) {
  const cname = each.type === 'source-description' ? `: ${each.chunks.map(cnameOf).join()}` : ''
  console.log(`${each.type}${cname}`)
}

// A long list of lost packets goes into datagrams of a size that arrives.
const lost = Array.from({ length: 1000 }, (_, index) => (2 * index) & 0xffff)
const datagrams = packRtcp([{ type: 'nack', senderSsrc: 1, mediaSsrc: 0xcafe, sequenceNumbers: lost }], 300)
const asked = datagrams
  .flatMap(bytes => decodeRtcp(bytes).packets)
  .flatMap(each => (each.type === 'nack' ? each.sequenceNumbers : []))
console.log(`${asked.length} packets asked for in ${datagrams.length} datagrams`)

// What a peer sends is never believed: false, or left out and counted.
console.log(
  `cut off: ${packet.parse(compound.subarray(0, 11))}, ${decodeRtcp(compound.subarray(0, 40)).malformed} malformed`,
)
