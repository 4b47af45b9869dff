/** When something is to be negotiated (webrtc-pc, 4.7.3: check if negotiation is needed), case by case. */

import t from 'tap'
import { agreedOn, mediaSide, negotiate, transceiversOf } from './media-side.ts'
import { again } from './side.ts'

const isNeeded = ({ negotiation }: ReturnType<typeof mediaSide>): boolean => negotiation.negotiationNeeded()

t.test('for a transceiver that no m-section has', t => {
  const side = mediaSide('side')
  t.notOk(isNeeded(side))
  const transceiver = side.negotiation.addTransceiver({ kind: 'audio' })
  t.ok(isNeeded(side))
  transceiver.stopping = true
  t.notOk(isNeeded(side), 'one that stopped before has nothing to say')
  t.end()
})

t.test('for one that is to stop, until both have rejected it', t => {
  const [a, b] = agreedOn(['audio'])
  t.notOk(isNeeded(a) || isNeeded(b))
  transceiversOf(a)[0]!.stopping = true
  t.ok(isNeeded(a))
  negotiate(a, b)
  t.notOk(isNeeded(a) || isNeeded(b))
  t.end()
})

t.test('for a direction, by who offered last', t => {
  const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
  for (const direction of directions) {
    const [a, b] = agreedOn(['audio'])
    for (const side of [a, b]) {
      const [transceiver] = transceiversOf(side)
      transceiver!.direction = direction
      t.equal(isNeeded(side), direction !== 'sendrecv', direction)
      transceiver!.direction = 'sendrecv'
    }
    // The offerer's own wish is in its offer, whatever was answered.
    transceiversOf(a)[0]!.direction = 'sendonly'
    again(a, b)
    t.notOk(isNeeded(a))
    transceiversOf(a)[0]!.direction = 'sendrecv'
    t.ok(isNeeded(a))
    again(b, a)
    t.notOk(isNeeded(a))
  }
  t.end()
})

t.test('for an answerer that would send, but was not asked to', t => {
  const a = mediaSide('a')
  a.negotiation.addTransceiver({ kind: 'audio', direction: 'sendonly' })
  const b = mediaSide('b')
  b.setRemote('offer', a.sendOffer())
  const [transceiver] = transceiversOf(b)
  transceiver!.direction = 'recvonly'
  const answer = b.answer()
  b.setLocal('answer', answer)
  a.setRemote('answer', answer)
  t.notOk(isNeeded(b))
  transceiver!.direction = 'sendrecv'
  t.ok(isNeeded(b), 'no a=msid is there yet')
  again(b, a)
  t.notOk(isNeeded(b), 'it was said in an offer')
  t.equal(transceiver!.currentDirection, 'recvonly')
  t.end()
})

t.test('for streams that were announced otherwise', t => {
  const [a, b] = agreedOn(['audio'])
  const [transceiver] = transceiversOf(a)
  for (const streamIds of [['other'], ['s', 'other'], []]) {
    transceiver!.streamIds = streamIds
    t.ok(isNeeded(a))
    negotiate(a, b)
    t.notOk(isNeeded(a))
    t.same(transceiversOf(b)[0]!.remote.streamIds, streamIds)
  }
  transceiver!.streamIds = ['s']
  transceiver!.direction = 'recvonly'
  again(a, b)
  transceiver!.streamIds = ['t']
  t.notOk(isNeeded(a), 'of what is not sent nothing is said')
  t.end()
})

t.test('for an SSRC that had to change', t => {
  const [a, b] = agreedOn(['video'])
  const [transceiver] = transceiversOf(a)
  const before = transceiver!.ssrc
  transceiver!.ssrc = 4242
  transceiver!.rtxSsrc = 4243
  t.ok(isNeeded(a))
  negotiate(a, b)
  t.notOk(isNeeded(a))
  const ssrcs = transceiversOf(b)[0]!.negotiated!.receive!.ssrcs.map(({ ssrc }) => ssrc)
  t.same(ssrcs, [4242, 4243])
  t.notOk(ssrcs.includes(before))
  t.end()
})

t.test('not for what a rollback has undone, but for what it leaves undone', t => {
  const side = mediaSide('side', ['audio'])
  side.sendOffer()
  side.setLocal('rollback')
  t.ok(isNeeded(side))
  const other = mediaSide('other')
  other.setRemote('offer', side.sendOffer())
  other.setRemote('rollback')
  t.notOk(isNeeded(other), 'what the offer made is gone')
  t.end()
})
