/** Transceivers that stop, and the places that they leave (RFC 9429, 5.2.2; webrtc-pc, 4.4.1.5 and 5.4 stop). */

import t from 'tap'
import { agreedOn, cut, mediaSide, mids, negotiate, ports, transceiversOf } from './media-side.ts'
import { linesOf } from './side.ts'

t.test('one that is to stop does not affect an answer: only an offer rejects it', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  const [audio] = transceiversOf(b)
  audio!.stopping = true
  const answer = b.sendAnswer(a.sendOffer())
  t.same(ports(answer), ['9', '9'])
  t.equal(linesOf(cut(answer)[1]!, 'a=inactive').length, 1)
  t.match(audio, { stopped: false, currentDirection: 'inactive' })
  a.setRemote('answer', answer)
  t.ok(b.negotiation.negotiationNeeded())
  t.same(ports(b.sendOffer()), ['0', '9'])
  t.end()
})

t.test('one that was never offered leaves no trace', t => {
  const side = mediaSide('side', ['audio', 'video'])
  transceiversOf(side)[0]!.stopping = true
  const offer = side.sendOffer()
  t.same(
    linesOf(offer, 'm=').map(line => line.split(' ')[0]),
    ['m=video'],
  )
  t.same(
    transceiversOf(side).map(({ mid }) => mid),
    [undefined, '0'],
  )
  t.end()
})

t.test('what the peer rejects is stopped at once, is there until the answer, and does not come back', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  const [audio] = transceiversOf(b)
  transceiversOf(a)[0]!.stopping = true
  const offer = a.sendOffer()
  t.same(b.setRemote('offer', offer).transceivers.stopped, [audio])
  t.match(audio, { stopped: true, stopping: true, direction: 'inactive', currentDirection: undefined })
  t.equal(transceiversOf(b).length, 2)
  b.setRemote('rollback')
  t.equal(audio!.stopped, true, 'whatever becomes of the offer')
  t.ok(b.negotiation.negotiationNeeded())
  t.same(ports(b.sendOffer()), ['0', '9'])
  b.setLocal('rollback')
  const answer = b.sendAnswer(offer)
  a.setRemote('answer', answer)
  t.equal(transceiversOf(b).length, 1)
  t.notOk(b.negotiation.negotiationNeeded())
  t.end()
})

t.test('a place is free only when what was there is rejected in what is agreed on', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  transceiversOf(a)[1]!.stopping = true
  a.sendOffer()
  a.negotiation.addTransceiver({ kind: 'video' })
  const offer = a.sendOffer()
  t.same(
    [ports(offer), mids(offer)],
    [
      ['9', '0', '9'],
      ['0', '1', '2'],
    ],
    'nobody has agreed to the rejection yet',
  )
  b.setRemote('offer', offer)
  a.setRemote(
    'answer',
    (() => {
      const answer = b.answer()
      b.setLocal('answer', answer)
      return answer
    })(),
  )
  b.negotiation.addTransceiver({ kind: 'video' })
  const next = b.sendOffer()
  t.same(
    [ports(next), mids(next)],
    [
      ['9', '9', '9'],
      ['0', '3', '2'],
    ],
  )
  const same = b.sendOffer()
  t.same(mids(same), mids(next), 'what was put there stays in the next offer')
  t.end()
})

t.test('a free place is used for any kind, those of its own first', t => {
  const [a, b] = agreedOn(['audio', 'video', 'audio'])
  for (const transceiver of transceiversOf(a)) transceiver.stopping = true
  negotiate(a, b)
  t.same([transceiversOf(a).length, transceiversOf(b).length], [0, 0])
  for (const kind of ['video', 'video', 'audio'] as const) b.negotiation.addTransceiver({ kind })
  const offer = b.sendOffer()
  t.same(
    linesOf(offer, 'm=').map(line => line.split(' ')[0]),
    ['m=video', 'm=video', 'm=audio'],
  )
  t.same(mids(offer), ['4', '3', '5'])
  b.setLocal('rollback')
  const [here, there] = negotiate(b, a)
  for (const { media } of [here, there]) t.ok(media.every(({ rejected }) => !rejected))
  t.end()
})

t.test('a free place may be the peer’s to use', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  transceiversOf(a)[1]!.stopping = true
  negotiate(a, b)
  // With the mid that was there before, as some do.
  a.negotiation.addTransceiver({ kind: 'video' })
  const offer = a.sendOffer().replace('a=mid:2', 'a=mid:1').replace('BUNDLE 0 2', 'BUNDLE 0 1')
  const { transceivers } = b.setRemote('offer', offer)
  t.equal(transceivers.created.length, 1)
  t.same(ports(b.answer()), ['9', '9'])
  t.end()
})

t.test('data does not take a place from media that it needs itself', t => {
  const a = mediaSide('a', ['audio'], { data: true })
  const b = mediaSide('b')
  negotiate(a, b)
  const offer = a.sendOffer()
  a.setLocal('rollback')
  const [session, audio, data] = cut(offer)
  const closed = b.sendAnswer(
    session!.replace('BUNDLE 0 1', 'BUNDLE 0') + audio! + data!.replace('m=application 9', 'm=application 0'),
  )
  t.same(ports(closed), ['9', '0'])
  b.negotiation.dataWanted = true
  b.negotiation.addTransceiver({ kind: 'video' })
  t.same(
    linesOf(b.offer(), 'm=').map(line => line.split(' ')[0]),
    ['m=audio', 'm=application', 'm=video'],
  )
  b.negotiation.dataWanted = false
  t.same(
    linesOf(b.offer(), 'm=').map(line => line.split(' ')[0]),
    ['m=audio', 'm=video'],
  )
  t.end()
})
