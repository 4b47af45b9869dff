/**
 * Offer and answer alone: two negotiations agree on data channels, without a packet. What a session would build of it
 * is printed; ICE credentials and fingerprints are made up here.
 */

import { type LocalContext, Negotiation } from 'purertc/jsep'
import { seededRandom } from 'purertc/sim'

const side = (name: string, seed: number) => {
  const context: LocalContext = {
    fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill(`${seed}${seed}`).join(':') }],
    transport: mid => ({
      usernameFragment: `${name}${mid}`,
      password: 'notASecretAtAllInAnExample',
      candidates: [],
      endOfCandidates: false,
    }),
  }
  return { name, context, negotiation: new Negotiation({ random: seededRandom(seed), maxMessageSize: 262_144 }) }
}

const alice = side('alice', 1)
const bob = side('bob', 2)
const states = () =>
  console.log([alice, bob].map(({ name, negotiation }) => `${name}: ${negotiation.signalingState}`).join(', '))

alice.negotiation.dataWanted = true
console.log(`needed: ${alice.negotiation.negotiationNeeded()}`)
const offer = alice.negotiation.createOffer(alice.context)
console.log(offer)
alice.negotiation.setLocal('offer', offer)
bob.negotiation.setRemote('offer', offer)
states()

const answer = bob.negotiation.createAnswer(bob.context)
for (const { mid, dtlsRole } of bob.negotiation.setLocal('answer', answer).media) {
  console.log(`bob: m-section ${mid} as the DTLS ${dtlsRole}`)
}
for (const { mid, remote, sctp } of alice.negotiation.setRemote('answer', answer).media) {
  console.log(`alice: m-section ${mid} to ${remote?.usernameFragment}, ${sctp?.remoteMaxMessageSize} bytes a message`)
}
states()

// A candidate that comes later shows in the description it belongs to.
bob.negotiation.addRemoteCandidate({
  candidate: 'candidate:1 1 udp 2122194687 192.0.2.1 50000 typ host',
  sdpMid: '0',
  sdpMLineIndex: 0,
  usernameFragment: 'alice0',
})
console.log(bob.negotiation.currentRemoteDescription?.sdp.split('\r\n').find(line => line.startsWith('a=candidate')))

try {
  alice.negotiation.setRemote('answer', answer)
} catch (error) {
  console.log(`${error}`)
}
