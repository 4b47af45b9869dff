/** Which ICE credentials the transports of one description have (RFC 8839, 5.4). */

import t from 'tap'
import { Session, type SessionOptions } from '../../lib/session/index.ts'
import { certificate as makeCertificate } from '../dtls/pair.ts'
import { nodeCrypto } from '../providers.ts'

const certificate = await makeCertificate('ec-p256')

const create = (options: Partial<SessionOptions> = {}) => {
  const session = new Session({
    crypto: nodeCrypto,
    certificates: [certificate],
    transmit: packet => packet.release(),
    bundlePolicy: 'balanced',
    ...options,
  })
  session.addTransceiver({ kind: 'audio' })
  session.addTransceiver({ kind: 'video' })
  return session
}

const fragments = (sdp: string): string[] => [...sdp.matchAll(/a=ice-ufrag:(\S+)/g)].map(([, fragment]) => fragment!)
const passwords = (sdp: string): Set<string> => new Set(sdp.match(/a=ice-pwd:\S+/g))

t.test('they are the same: what a section shows of the transport it is bundled onto is nothing new', t => {
  const [offerer, answerer] = [create(), create()]
  const offer = offerer.createOffer()
  const [first, second] = fragments(offer)
  t.equal(first, second)
  t.equal(passwords(offer).size, 1)
  offerer.setLocalDescription({ type: 'offer', sdp: offer }, 0)
  t.equal(offerer.transports.length, 2)
  answerer.setRemoteDescription({ type: 'offer', sdp: offer }, 1)
  const answer = answerer.createAnswer()
  answerer.setLocalDescription({ type: 'answer', sdp: answer }, 1)
  offerer.setRemoteDescription({ type: 'answer', sdp: answer }, 2)
  t.equal(offerer.transports.length, 1)

  const again = answerer.createOffer()
  answerer.setLocalDescription({ type: 'offer', sdp: again }, 3)
  offerer.setRemoteDescription({ type: 'offer', sdp: again }, 4)
  t.same(new Set(fragments(offerer.createAnswer())), new Set([first]), 'nor in an answer of later')
  t.end()
})

t.test('each restart has others, and each offer of one', t => {
  const session = create()
  const offer = session.createOffer()
  session.setLocalDescription({ type: 'offer', sdp: offer }, 0)
  const seen = new Set(fragments(offer))
  for (const _ of [1, 2]) {
    const restart = session.createOffer({ iceRestart: true })
    const [first, second] = fragments(restart)
    t.equal(first, second)
    t.notOk(seen.has(first!))
    seen.add(first!)
    session.setLocalDescription({ type: 'offer', sdp: restart }, 1)
    t.same(
      session.transports.map(({ ice }) => ice.localParameters.usernameFragment),
      [first, first],
    )
  }
  session.restartIce()
  const [asked] = fragments(session.createOffer())
  t.notOk(seen.has(asked!))
  t.end()
})

t.test('where ports are shared, transports are told apart by them', t => {
  const [first, second] = fragments(create({ distinctIceCredentials: true }).createOffer())
  t.not(first, second)
  t.end()
})

t.test('those of the application are for the first description', t => {
  const iceParameters = { usernameFragment: 'ours', password: 'passwordOfTwentyTwoChars' }
  const session = create({ iceParameters })
  const sdp = session.createOffer()
  t.same(fragments(sdp), ['ours', 'ours'])
  session.setLocalDescription({ type: 'offer', sdp }, 0)
  t.notOk(fragments(session.createOffer({ iceRestart: true })).includes('ours'))
  t.end()
})
