/**
 * Media as encoded frames: Alice's video reaches Bob, who takes whole frames, changes them, and sends them back. The shapes
 * are those of webrtc-encoded-transform (RTCEncodedVideoFrame) and of WebCodecs (EncodedVideoChunk).
 */

import {
  EncodedChunkReader,
  EncodedFrameReader,
  type EncodedVideoChunk,
  EncodedVideoSource,
  type RTCEncodedVideoFrame,
  RTCPeerConnection,
} from 'purertc'

const alice = new RTCPeerConnection()
const bob = new RTCPeerConnection()
alice.onicecandidate = ({ candidate }) => bob.addIceCandidate(candidate)
bob.onicecandidate = ({ candidate }) => alice.addIceCandidate(candidate)
alice.onnegotiationneeded = async () => {
  await alice.setLocalDescription()
  await bob.setRemoteDescription(alice.localDescription!)
  await bob.setLocalDescription()
  await alice.setRemoteDescription(bob.localDescription!)
}

/** Changes what a decoder would see; the first ten bytes, by which VP8 is cut into packets, stay. */
const scramble = new TransformStream<RTCEncodedVideoFrame, RTCEncodedVideoFrame>({
  transform(frame, controller) {
    const bytes = new Uint8Array(frame.data)
    for (let i = 10; i < bytes.length; i++) bytes[i]! ^= 0x55
    controller.enqueue(frame)
  },
})

// Bob, in the `track` event, before he answers: the way back goes with the same m-section.
bob.ontrack = ({ track, transceiver }) => {
  const back = new EncodedVideoSource({ codec: 'vp8' })
  transceiver.direction = 'sendrecv'
  void transceiver.sender.replaceTrack(back.track)
  const frames = new EncodedFrameReader<RTCEncodedVideoFrame>(track)
  back.onkeyframerequest = () => frames.requestKeyFrame()
  frames.readable.pipeThrough(scramble).pipeTo(back.writable).catch(console.error)
}

// Alice: a source that her encoder writes to. This one makes the headers of VP8 frames of 640 x 480, and nothing to look at.
const camera = new EncodedVideoSource({ codec: 'vp8', settings: { width: 640, height: 480, frameRate: 50 } })
const { receiver } = alice.addTransceiver(camera.track)
let wantsKey = true
let timestamp = 0
camera.onkeyframerequest = () => {
  wantsKey = true
}
const timer = setInterval(() => {
  const data = new Uint8Array(2000)
  data.set(wantsKey ? [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01] : [0x11])
  camera.write({ type: wantsKey ? 'key' : 'delta', timestamp, data })
  wantsKey = false
  timestamp += 20_000
}, 20)

const seen: EncodedVideoChunk[] = []
for await (const chunk of new EncodedChunkReader<EncodedVideoChunk>(receiver.track)) {
  if (seen.push(chunk) === 10) break
}
clearInterval(timer)
const [first, second] = seen
const bytes = new Uint8Array(first!.byteLength)
first!.copyTo(bytes)
console.log(`${seen.length} frames came back: ${first!.type}, ${second!.type}, ... of ${first!.byteLength} bytes`)
console.log(`${second!.timestamp - first!.timestamp} microseconds apart; scrambled: ${bytes[100] === 0x55}`)
alice.close()
bob.close()
