/** werift as the forwarder: the track of one connection added to others, which its own examples do. */

import { type MediaStreamTrack, RTCPeerConnection } from 'werift'
import type { Forwarder } from './roles.ts'
import { answer, offer, type W3cConnection } from './w3c.ts'

// It asks a public STUN server unless told none.
const connection = () => new RTCPeerConnection({ iceServers: [] })
const asW3c = (pc: RTCPeerConnection) => pc as unknown as W3cConnection

export function forwarder(): Forwarder {
  let track: MediaStreamTrack | undefined
  return {
    receive: async link => {
      const pc = connection()
      pc.onTrack.subscribe(added => {
        track = added
      })
      await answer(asW3c(pc), link)
    },
    addViewer: async link => {
      const pc = connection()
      if (track === undefined) throw new Error('there is no track')
      pc.addTrack(track)
      await offer(asW3c(pc), link)
    },
  }
}
