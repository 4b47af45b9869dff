/**
 * A transport goes on for as long as any m-section uses it, whichever carries it (RFC 9143, 7.5; RFC 9429, 5.11): the tagged
 * m-section of a group may be rejected, and its place used again.
 */

import t from 'tap'
import { agreedOn, cut, group, mediaSide, mids, negotiate, ports, transceiversOf } from './media-side.ts'
import { linesOf, type Side } from './side.ts'

const transports = (side: Side): (string | undefined)[] => {
  const applied = side.sendOffer()
  const { media } = side.setLocal('rollback')
  t.ok(applied)
  return media.map(({ rejected, transportMid }) => (rejected ? undefined : transportMid))
}

t.test('the transport of a rejected m-section is carried by the next one, with the same credentials', t => {
  const [a, b] = agreedOn(['audio', 'video', 'video'])
  transceiversOf(a)[0]!.stopping = true
  const offer = a.sendOffer()
  t.same(ports(offer), ['0', '9', '9'])
  t.same(group(offer), ['BUNDLE 1 2'])
  t.same([...new Set(linesOf(offer, 'a=ice-ufrag'))], ['a=ice-ufrag:a0gen0'], 'no restart')
  t.same(
    [linesOf(offer, 'a=candidate'), linesOf(offer, 'a=end-of')],
    [[], ['a=end-of-candidates']],
    'none but those of before',
  )
  b.setRemote('offer', offer)
  const answer = b.answer()
  t.same(group(answer), ['BUNDLE 1 2'])
  t.same([...new Set(linesOf(answer, 'a=ice-ufrag'))], ['a=ice-ufrag:b0gen0'], 'no restart')
  for (const { media } of [b.setLocal('answer', answer), a.setRemote('answer', answer)]) {
    t.match(media, [{ rejected: true }, { transportMid: '0' }, { transportMid: '0' }])
    t.same(
      media.map(({ dtlsRole }) => dtlsRole),
      media[1]!.dtlsRole === 'client' ? [undefined, 'client', 'client'] : [undefined, 'server', 'server'],
    )
  }
  for (const side of [a, b]) t.same(side.negotiation.carriedBy('0'), { mid: '1', index: 1 })
  t.end()
})

t.test('browsers begin another transport then, with the same credentials, and show no candidate of before', t => {
  const bare = (sdp: string) =>
    sdp
      .replace(/a=(?:candidate|end-of-candidates).*\r\n/g, '')
      .replaceAll('a1gen0', 'a0gen0')
      .replaceAll('b1gen0', 'b0gen0')
  const [a, b] = agreedOn(['audio', 'video', 'video'])
  transceiversOf(a)[0]!.stopping = true
  const offer = a.sendOffer()
  b.setRemote('offer', bare(offer))
  const answer = b.answer()
  for (const { media } of [b.setLocal('answer', answer), a.setRemote('answer', bare(answer))]) {
    t.match(media, [{ rejected: true }, { transportMid: '1' }, { transportMid: '1' }])
    t.ok(media[1]!.local && media[1]!.remote && media[1]!.dtlsRole)
  }
  for (const side of [a, b]) {
    t.same(side.negotiation.carriedBy('1'), { mid: '1', index: 1 })
    t.equal(side.negotiation.carriedBy('0'), undefined)
  }
  t.end()
})

t.test('what is put in the place of the first joins the transport that stands', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  transceiversOf(a)[0]!.stopping = true
  negotiate(a, b)
  a.negotiation.addTransceiver({ kind: 'audio' })
  const offer = a.sendOffer()
  t.same(mids(offer), ['2', '1'])
  t.same(group(offer), ['BUNDLE 1 2'], 'the one that stands is named first')
  a.setLocal('rollback')
  const [here, there] = negotiate(a, b)
  for (const { media } of [here, there]) t.match(media, [{ transportMid: '0' }, { transportMid: '0' }])
  t.same(transports(b), ['0', '0'])
  t.end()
})

t.test('a peer may name what is new first: credentials say whether the transport is', t => {
  for (const fresh of [false, true]) {
    const [a, b] = agreedOn(['audio', 'video'])
    transceiversOf(a)[0]!.stopping = true
    negotiate(a, b)
    a.negotiation.addTransceiver({ kind: 'audio' })
    const [session, audio, video] = cut(a.sendOffer())
    const renamed = session!.replace('BUNDLE 1 2', 'BUNDLE 2 1')
    const offer =
      renamed +
      (fresh ? audio!.replace('a0gen0', 'other') : `${audio}a=candidate:1 1 udp 1 192.0.2.97 9 typ host\r\n`) +
      video!
    b.setRemote('offer', offer)
    const answer = b.answer()
    t.same(group(answer), ['BUNDLE 2 1'])
    const { media } = b.setLocal('answer', answer)
    const expected = fresh ? '2' : '0'
    t.match(media, [{ transportMid: expected }, { transportMid: expected }])
    t.equal(media[1]!.remote?.usernameFragment, fresh ? 'other' : 'a0gen0')
    t.match(linesOf(answer, 'a=ice-ufrag')[0], `b${expected}gen0`)
  }
  t.end()
})

t.test('a mid that comes again is not taken for a transport that had it', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  transceiversOf(a)[0]!.stopping = true
  negotiate(a, b)
  // A peer that counts from zero again, and does not bundle what is new.
  const offer = a.sendOffer()
  a.setLocal('rollback')
  const [session, , video] = cut(offer)
  const [, another] = cut(mediaSide('c', ['audio']).offer())
  b.setRemote('offer', session! + another! + video!)
  b.setLocal('answer', b.answer())
  const { media } = b.setRemote('offer', session! + another! + video!)
  t.match(media, [
    { mid: '0', rejected: false },
    { mid: '1', transportMid: '0' },
  ])
  t.not(media[0]!.transportMid, '0')
  t.match(mids(mediaSide('d', ['audio']).offer()), ['0'])
  t.end()
})

t.test('candidates are shown by the m-section that carries their transport now', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  a.ended = false
  const candidate = 'candidate:1 1 udp 1 192.0.2.1 4000 typ host ufrag a0gen0'
  transceiversOf(a)[0]!.stopping = true
  const offer = a.sendOffer()
  a.negotiation.addLocalCandidate('0', candidate)
  a.negotiation.endOfLocalCandidates('0')
  const shown = (sdp: string | undefined) => cut(sdp!).map(part => linesOf(part, 'a=candidate').length)
  t.same(shown(a.negotiation.currentLocalDescription?.sdp), [0, 2, 1])
  t.same(shown(a.negotiation.pendingLocalDescription?.sdp), [0, 0, 2])
  const place = {
    sdpMid: '1',
    sdpMLineIndex: null,
    usernameFragment: null,
    candidate: candidate.replace(' ufrag a0gen0', ''),
  }
  b.setRemote('offer', offer)
  t.same(b.negotiation.addRemoteCandidate(place).transportMids, ['0'])
  const answer = b.answer()
  t.equal(b.setLocal('answer', answer).media[1]!.remote?.candidates.length, 2)
  a.setRemote('answer', answer)
  t.match(linesOf(a.offer(), 'a=mid'), ['a=mid:0', 'a=mid:1'])
  t.end()
})

t.test('a rollback returns to what carried it before', t => {
  const [a] = agreedOn(['audio', 'video'])
  transceiversOf(a)[0]!.stopping = true
  a.sendOffer()
  t.same(a.negotiation.carriedBy('0'), { mid: '1', index: 1 })
  a.setLocal('rollback')
  t.same(a.negotiation.carriedBy('0'), { mid: '0', index: 0 })
  t.end()
})
