/**
 * A whole connection without the W3C objects: two sessions negotiate, connect over a wire in memory and pass a message on
 * a data channel, in virtual time. This is what RTCPeerConnection is a face of.
 */

import { utf8 } from 'purertc/bytes'
import { createSelfSignedCertificate } from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { Session } from 'purertc/session'

const DELAY = 20
const flying: { at: number; land: () => void }[] = []
let now = 0
let finished = false

const createSession = async (own: string): Promise<Session> => {
  const key = await crypto.generateKey('ec-p256')
  return new Session({
    crypto,
    certificates: [createSelfSignedCertificate(crypto, key, { notBefore: 0, notAfter: 4e12 })],
    transmit: packet => {
      const bytes = packet.view().slice()
      packet.release()
      flying.push({ at: now + DELAY, land: () => other(own).receive(bytes, 0, own, 5000, now) })
    },
  })
}
const ada = await createSession('192.0.2.1')
const bob = await createSession('192.0.2.2')
const other = (address: string): Session => (address === '192.0.2.1' ? bob : ada)

const settle = (name: string, own: string, session: Session): void => {
  for (let event = session.nextEvent(); event !== undefined; event = session.nextEvent()) {
    if (event.type === 'gather') {
      session.addLocalCandidate(event.mid, { socket: 0, type: 'host', address: own, port: 5000 }, now)
      session.endOfLocalCandidates(event.mid, now)
    } else if (event.type === 'candidate') {
      const { mid: sdpMid, mLineIndex: sdpMLineIndex, text: candidate, usernameFragment } = event
      const init = { candidate, sdpMid, sdpMLineIndex, usernameFragment }
      flying.push({ at: now + DELAY, land: () => other(own).addIceCandidate(init, now) })
    } else if (event.type === 'ice' || event.type === 'dtls') {
      console.log(`${now} ms: ${name}: ${event.type} ${event.state}`)
    } else if (event.type === 'open') {
      session.send(event.channel, utf8('good day'), true, now)
    } else if (event.type === 'message') {
      console.log(`${now} ms: ${name} gets "${new TextDecoder().decode(event.data)}" on "${event.channel.label}"`)
      finished = true
    }
  }
}

ada.createChannel({ label: 'greetings', protocol: '', ordered: true, negotiated: false })
const offer = { type: 'offer', sdp: ada.createOffer() } as const
ada.setLocalDescription(offer, now)
bob.setRemoteDescription(offer, now)
const answer = { type: 'answer', sdp: bob.createAnswer() } as const
bob.setLocalDescription(answer, now)
ada.setRemoteDescription(answer, now)

while (!finished) {
  settle('Ada', '192.0.2.1', ada)
  settle('Bob', '192.0.2.2', bob)
  for (const session of [ada, bob]) session.flush(now)
  flying.sort((a, b) => a.at - b.at)
  now = Math.max(now, Math.min(flying[0]?.at ?? Infinity, ada.deadline, bob.deadline))
  while (flying[0] !== undefined && flying[0].at <= now) flying.shift()!.land()
  for (const session of [ada, bob]) if (session.deadline <= now) session.advance(now)
}
for (const session of [ada, bob]) session.close(now)
