/** An offer that reaches two callees: the first, whose answer was provisional, is let in no more once the other answers. */

import t from 'tap'
import type { IceAgent } from '../../lib/ice/index.ts'
import { Session } from '../../lib/session/index.ts'
import { certificate as makeCertificate } from '../dtls/pair.ts'
import { nodeCrypto } from '../providers.ts'

// The callees share it: another certificate would be refused before anything else (RFC 8842, 4).
const certificate = await makeCertificate('ec-p256')
const create = () =>
  new Session({ crypto: nodeCrypto, certificates: [certificate], transmit: packet => packet.release() })

/** What the agent was told of its peers: each user-name fragment, and whether it is somebody else's than before. */
const watch = (ice: IceAgent): [string, boolean][] => {
  const told: [string, boolean][] = []
  const original = ice.setRemoteParameters.bind(ice)
  ice.setRemoteParameters = (parameters, now, options) => {
    told.push([parameters.usernameFragment, options?.otherPeer === true])
    original(parameters, now, options)
  }
  return told
}

const fragmentOf = (sdp: string): string => /a=ice-ufrag:(\S+)/.exec(sdp)![1]!

const answerOf = (callee: Session, offer: string, now: number): string => {
  callee.setRemoteDescription({ type: 'offer', sdp: offer }, now)
  const answer = callee.createAnswer()
  callee.setLocalDescription({ type: 'answer', sdp: answer }, now)
  return answer
}

t.test('a final answer by another callee is told from a restart', t => {
  const [caller, first, second] = [create(), create(), create()]
  caller.createChannel({ label: 'x', protocol: '', ordered: true, negotiated: false })
  const offer = caller.createOffer()
  caller.setLocalDescription({ type: 'offer', sdp: offer }, 0)
  const told = watch(caller.transports[0]!.ice)
  const provisional = answerOf(first, offer, 1)
  caller.setRemoteDescription({ type: 'pranswer', sdp: provisional }, 2)
  const final = answerOf(second, offer, 3)
  caller.setRemoteDescription({ type: 'answer', sdp: final }, 4)
  t.strictSame(told, [
    [fragmentOf(provisional), false],
    [fragmentOf(final), true],
  ])

  const restart = caller.createOffer({ iceRestart: true })
  caller.setLocalDescription({ type: 'offer', sdp: restart }, 5)
  const restarted = answerOf(second, restart, 6)
  caller.setRemoteDescription({ type: 'answer', sdp: restarted }, 7)
  t.strictSame(told.at(-1), [fragmentOf(restarted), false], 'the same peer, with new credentials on both sides')

  const theirs = second.createOffer({ iceRestart: true })
  second.setLocalDescription({ type: 'offer', sdp: theirs }, 8)
  answerOf(caller, theirs, 9)
  t.strictSame(told.at(-1), [fragmentOf(theirs), false])
  t.equal(told.length, 4)
  t.end()
})
