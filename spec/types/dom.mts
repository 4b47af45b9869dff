/**
 * Our classes are assignable to the types of TypeScript's lib.dom where the name is the same, so that code written for a
 * browser takes them. Only compiled, against the published declarations and lib.dom, without Node's types:
 * `tsc -p spec/types/tsconfig.json`.
 */

import * as purertc from 'purertc'

/** Compiles when `T` is assignable to `U`. */
type Assignable<T extends U, U> = T

/** What gives or takes senders, receivers and transceivers, which lack these, or say more (`degradationPreference`). */
type Missing = 'getParameters' | 'jitterBufferTarget' | 'setParameters' | 'transform'
type Media =
  | 'addTrack'
  | 'addTransceiver'
  | 'getReceivers'
  | 'getSenders'
  | 'getTransceivers'
  | 'ontrack'
  | 'removeTrack'

export type Classes = [
  Assignable<purertc.EncodedAudioChunk, EncodedAudioChunk>,
  Assignable<purertc.EncodedVideoChunk, EncodedVideoChunk>,
  Assignable<purertc.MediaStream, MediaStream>,
  Assignable<purertc.MediaStreamTrack, MediaStreamTrack>,
  Assignable<purertc.MediaStreamTrackEvent, MediaStreamTrackEvent>,
  Assignable<purertc.OverconstrainedError, OverconstrainedError>,
  Assignable<purertc.RTCCertificate, RTCCertificate>,
  Assignable<purertc.RTCDataChannel, RTCDataChannel>,
  Assignable<purertc.RTCDataChannelEvent, RTCDataChannelEvent>,
  Assignable<purertc.RTCDtlsTransport, RTCDtlsTransport>,
  Assignable<purertc.RTCEncodedAudioFrame, RTCEncodedAudioFrame>,
  Assignable<purertc.RTCEncodedVideoFrame, RTCEncodedVideoFrame>,
  Assignable<purertc.RTCError, RTCError>,
  Assignable<purertc.RTCErrorEvent, RTCErrorEvent>,
  Assignable<purertc.RTCIceCandidate, RTCIceCandidate>,
  Assignable<purertc.RTCIceCandidatePair, RTCIceCandidatePair>,
  Assignable<purertc.RTCIceTransport, RTCIceTransport>,
  Assignable<purertc.RTCPeerConnection, Omit<RTCPeerConnection, Media>>,
  Assignable<purertc.RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceErrorEvent>,
  Assignable<purertc.RTCPeerConnectionIceEvent, RTCPeerConnectionIceEvent>,
  Assignable<purertc.RTCDTMFSender, RTCDTMFSender>,
  Assignable<purertc.RTCDTMFToneChangeEvent, RTCDTMFToneChangeEvent>,
  Assignable<purertc.RTCRtpReceiver, Omit<RTCRtpReceiver, Missing>>,
  Assignable<purertc.RTCRtpSender, Omit<RTCRtpSender, Missing>>,
  Assignable<purertc.RTCRtpTransceiver, Omit<RTCRtpTransceiver, 'receiver' | 'sender'>>,
  Assignable<purertc.RTCTrackEvent, Omit<RTCTrackEvent, 'receiver' | 'transceiver'>>,
  Assignable<purertc.RTCSessionDescription, RTCSessionDescription>,
  Assignable<purertc.RTCStatsReport, RTCStatsReport>,
  Assignable<purertc.RTCSctpTransport, RTCSctpTransport>,
]

export type Dictionaries = [
  Assignable<Omit<RTCRtpTransceiverInit, 'streams'>, purertc.RTCRtpTransceiverInit>,
  Assignable<RTCRtpCodec, purertc.RTCRtpCodec>,
  Assignable<purertc.RTCRtpCapabilities, RTCRtpCapabilities>,
  Assignable<purertc.RTCRtpReceiveParameters, RTCRtpReceiveParameters>,
  Assignable<purertc.RTCRtpContributingSource, RTCRtpContributingSource>,
  Assignable<purertc.RTCRtpSynchronizationSource, RTCRtpSynchronizationSource>,
  Assignable<purertc.RTCInboundRtpStreamStats, RTCInboundRtpStreamStats>,
  Assignable<purertc.RTCOutboundRtpStreamStats, RTCOutboundRtpStreamStats>,
  Assignable<MediaTrackConstraints, purertc.MediaTrackConstraints>,
  Assignable<purertc.MediaTrackConstraints, MediaTrackConstraints>,
  Assignable<purertc.MediaTrackCapabilities, MediaTrackCapabilities>,
  Assignable<purertc.MediaTrackSettings, MediaTrackSettings>,
  Assignable<purertc.RTCEncodedVideoFrameMetadata, RTCEncodedVideoFrameMetadata>,
  Assignable<purertc.RTCEncodedAudioFrameMetadata, RTCEncodedAudioFrameMetadata>,
  Assignable<EncodedVideoChunk, purertc.EncodedChunkLike>,
  Assignable<EncodedVideoChunkMetadata, purertc.EncodedChunkMetadata>,
  Assignable<RTCEncodedVideoFrame, purertc.EncodedVideoFrameLike>,
  Assignable<purertc.RTCIceParameters, { usernameFragment?: string; password?: string }>,
  Assignable<purertc.RTCOfferOptions, RTCOfferOptions>,
  Assignable<RTCAnswerOptions, purertc.RTCAnswerOptions>,
  Assignable<RTCDataChannelInit, purertc.RTCDataChannelInit>,
  Assignable<purertc.RTCDtlsFingerprint, RTCDtlsFingerprint>,
  Assignable<RTCErrorInit, purertc.RTCErrorInit>,
  Assignable<RTCIceCandidateInit, purertc.RTCIceCandidateInit>,
  Assignable<purertc.RTCIceCandidateInit, RTCIceCandidateInit>,
  Assignable<RTCIceServer, purertc.RTCIceServer>,
  Assignable<RTCLocalSessionDescriptionInit, purertc.RTCLocalSessionDescriptionInit>,
  Assignable<RTCSessionDescriptionInit, purertc.RTCSessionDescriptionInit>,
  Assignable<purertc.RTCSessionDescriptionInit, RTCSessionDescriptionInit>,
  Assignable<Omit<RTCConfiguration, 'certificates'>, purertc.RTCConfiguration>,
  Assignable<purertc.RTCTransportStats, RTCTransportStats>,
  Assignable<purertc.RTCIceCandidatePairStats, RTCIceCandidatePairStats>,
]

export type Enumerations = [
  Assignable<purertc.RTCRtpTransceiverDirection, RTCRtpTransceiverDirection>,
  Assignable<purertc.RTCBundlePolicy, RTCBundlePolicy>,
  Assignable<purertc.MediaStreamTrackState, MediaStreamTrackState>,
  Assignable<purertc.RTCSignalingState, RTCSignalingState>,
  Assignable<purertc.RTCIceGatheringState, RTCIceGatheringState>,
  Assignable<purertc.RTCIceConnectionState, RTCIceConnectionState>,
  Assignable<purertc.RTCPeerConnectionState, RTCPeerConnectionState>,
  Assignable<purertc.RTCDataChannelState, RTCDataChannelState>,
  Assignable<purertc.RTCSctpTransportState, RTCSctpTransportState>,
  Assignable<purertc.RTCDtlsTransportState, RTCDtlsTransportState>,
  Assignable<purertc.RTCErrorDetailType, RTCErrorDetailType>,
]

/** Code written for lib.dom, given our classes. */
export const browserCode = (connection: Omit<RTCPeerConnection, Media>): RTCDataChannel => {
  connection.onicecandidate = ({ candidate }) => void connection.addIceCandidate(candidate?.toJSON())
  connection.addEventListener('datachannel', ({ channel }) => channel.send('hello'))
  return connection.createDataChannel('chat', { ordered: false })
}
export const channel: RTCDataChannel = browserCode(new purertc.RTCPeerConnection())

/** Code written for our own types. */
const own = new purertc.RTCPeerConnection({ includeLoopback: true, portRange: { min: 1, max: 2 } })
own.ondatachannel = function (event) {
  this.close()
  const { data }: { data: string | Blob | ArrayBuffer } = { data: event.channel.label }
  event.channel.onmessage = message => {
    const received: string | Blob | ArrayBuffer = message.data
    event.channel.send(received === data ? 'same' : new Uint8Array(1))
  }
  event.channel.addEventListener('error', ({ error }) => error.sctpCauseCode)
}
export const dtls: purertc.RTCConfiguration = {
  certificates: [purertc.RTCCertificate.fromPem({ certificate: '', privateKey: '' })],
  dtlsVersions: ['1.3', '1.2'],
  dtlsCipherSuites: ['TLS_AES_128_GCM_SHA256'],
  dtlsGroups: ['X25519MLKEM768'],
  srtpProfiles: ['SRTP_AEAD_AES_256_GCM'],
  fingerprintAlgorithms: ['sha-512', 'sha-256'],
  keyLog: line => line.length,
  acceptCertificate: certificate => certificate.byteLength > 0,
}
/** The additions to RTCDataChannel. */
export const streams = async (channel: purertc.RTCDataChannel): Promise<number> => {
  let bytes = 0
  for await (const message of channel) bytes += typeof message === 'string' ? message.length : 0
  const { value } = await channel.readable.getReader().read()
  if (value instanceof ArrayBuffer) bytes += value.byteLength
  const writer = channel.writable.getWriter()
  await writer.write('text')
  await writer.write(new Uint8Array(1))
  await writer.write(new Blob([]))
  return bytes
}
export const sctp: purertc.RTCConfiguration = {
  maxMessageSize: 2 ** 30,
  sctp: {
    congestionControl: 'bbr',
    scheduler: 'weighted-fair',
    interleaving: true,
    zeroChecksum: false,
    pathMtuDiscovery: 9000,
    snap: true,
    receiveWindow: 1 << 20,
    sendBufferLimit: 0,
    maxChannels: 1024,
  },
}
export const pem: { certificate: string; privateKey: string } = dtls.certificates![0]!.toPem()
export const description: Promise<void> = own.setLocalDescription()
export const report: Promise<number> = own.getStats().then(stats => {
  let sum = 0
  for (const [, item] of stats) {
    if (item.type === 'transport') sum += item.bytesSent
    if (item.type === 'sctp-transport') sum += item.datagramSize ?? item.mtu
  }
  return sum
})

/** Media in and out: each level of it, and code written for a browser. */
const camera = new purertc.EncodedVideoSource({ codec: 'vp8', settings: { width: 640, height: 480 } })
camera.onkeyframerequest = ({ rid }) => rid?.length
export const encoder = new VideoEncoder({
  output: (chunk, meta) => camera.write(chunk, meta),
  error: () => camera.end(),
})
export const browserStream: MediaStream = new purertc.MediaStream([camera.track])
browserStream.onaddtrack = ({ track }) => track.stop()
export const forward = async (track: purertc.MediaStreamTrack): Promise<void> => {
  const source = new purertc.RtpSource({ kind: 'video', codecs: [{ mimeType: 'video/VP8', payloadType: 96 }] })
  for await (const packet of new purertc.RtpReader(track)) source.write(packet)
  await new purertc.RtpReader(track).readable.pipeTo(source.writable)
  await new purertc.EncodedFrameReader<purertc.RTCEncodedVideoFrame>(track).readable.pipeTo(camera.writable)
  await new purertc.EncodedChunkReader<purertc.EncodedVideoChunk>(track).readable.pipeTo(camera.writable)
  await track.applyConstraints({ width: { ideal: 1280 }, advanced: [{ frameRate: 30 }] })
}
