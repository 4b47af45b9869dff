/**
 * Media as RTP packets: what Alice sends is handed on to Bob by a relay between them, undecoded. `bob.addTrack(track)` with
 * the track from Alice would do the same; here each packet passes through the relay's hands.
 */

import { EncodedAudioSource, RTCPeerConnection, RtpReader, RtpSource } from 'purertc'

const connect = (caller: RTCPeerConnection, callee: RTCPeerConnection): void => {
  caller.onicecandidate = ({ candidate }) => callee.addIceCandidate(candidate)
  callee.onicecandidate = ({ candidate }) => caller.addIceCandidate(candidate)
  caller.onnegotiationneeded = async () => {
    await caller.setLocalDescription()
    await callee.setRemoteDescription(caller.localDescription!)
    await callee.setLocalDescription()
    await caller.setRemoteDescription(callee.localDescription!)
  }
}

const alice = new RTCPeerConnection()
const [relayOfAlice, relayOfBob] = [new RTCPeerConnection(), new RTCPeerConnection()]
const bob = new RTCPeerConnection()
connect(alice, relayOfAlice)
connect(relayOfBob, bob)

// The relay: packets out of one track into another. Senders number and time them anew.
const relayed = new RtpSource({ kind: 'audio', codecs: ['opus'] })
relayOfBob.addTrack(relayed.track)
relayOfAlice.ontrack = ({ track }) => {
  new RtpReader(track, {
    onpacket: ({ bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker, ssrc }) => {
      const payload = bytes.subarray(payloadStart, payloadEnd)
      relayed.write({ payload, sequenceNumber, timestamp, marker, ssrc })
    },
  })
}

// Alice: 20 ms of Opus silence at a time.
const microphone = new EncodedAudioSource({ codec: 'opus' })
alice.addTrack(microphone.track)
let timestamp = 0
const timer = setInterval(() => {
  microphone.write({ type: 'key', timestamp, data: Uint8Array.of(0xf8, 0xff, 0xfe) })
  timestamp += 20_000
}, 20)

bob.ontrack = async ({ track }) => {
  let count = 0
  for await (const { payload, mimeType, clockRate } of new RtpReader(track)) {
    if (++count < 10) continue
    console.log(`${count} packets of ${mimeType} at ${clockRate} Hz, the last of ${payload.length} bytes`)
    break
  }
  clearInterval(timer)
  for (const connection of [alice, relayOfAlice, relayOfBob, bob]) connection.close()
}
