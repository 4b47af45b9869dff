/**
 * node-datachannel as the forwarder: its tracks give packets as they came, and send them as they are. So the SSRC is set here,
 * which is what its library's own example of a forwarder does; numbers, times and payload type are the camera's.
 */

import { PeerConnection, RtcpReceivingSession, type Track, Video } from 'node-datachannel'
import type { Link } from '../stacks/index.ts'
import type { Forwarder } from './roles.ts'

const PAYLOAD_TYPE = 96
/** RFC 5761, 4. */
const isRtcp = (packet: Buffer): boolean => packet[1]! >= 192 && packet[1]! <= 223

function connect(pc: PeerConnection, link: Link): Promise<void> {
  return new Promise((resolve, reject) => {
    pc.onLocalDescription((sdp, type) => link.tell({ description: { type, sdp } }))
    pc.onLocalCandidate((candidate, mid) => link.tell({ candidate: { candidate, sdpMid: mid } }))
    pc.onStateChange(state => {
      if (state === 'connected') resolve()
      else if (state === 'failed') reject(new Error('the connection failed'))
    })
    link.listen(({ description, candidate }) => {
      if (description !== undefined) pc.setRemoteDescription(description.sdp, description.type as 'offer' | 'answer')
      if (candidate !== undefined) pc.addRemoteCandidate(String(candidate['candidate']), String(candidate['sdpMid']))
    })
  })
}

export function forwarder(): Forwarder {
  const viewers: { readonly track: Track; readonly ssrc: number }[] = []
  // What is not held is collected.
  const held: object[] = []
  const forward = (packet: Buffer): void => {
    if (isRtcp(packet)) return
    for (const { track, ssrc } of viewers) {
      packet.writeUInt32BE(ssrc, 8)
      track.sendMessageBinary(packet)
    }
  }
  return {
    receive: async link => {
      const pc = new PeerConnection('camera', { iceServers: [] })
      pc.onTrack(track => {
        held.push(track)
        track.setMediaHandler(new RtcpReceivingSession())
        track.onMessage(forward)
      })
      held.push(pc)
      await connect(pc, link)
    },
    addViewer: async link => {
      const pc = new PeerConnection('viewer', { iceServers: [], disableAutoNegotiation: false })
      const ssrc = 1000 + viewers.length
      const video = new Video('0', 'SendOnly')
      video.addVP8Codec(PAYLOAD_TYPE)
      video.addSSRC(ssrc, 'bench', 'bench', 'bench')
      const track = pc.addTrack(video)
      held.push(pc)
      const connected = connect(pc, link)
      pc.setLocalDescription()
      await connected
      viewers.push({ track, ssrc })
    },
  }
}
