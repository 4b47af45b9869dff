/** BUNDLE with peers of every kind (RFC 9143, 7; RFC 9429, 4.1.1 and 5.3.1). */

import t from 'tap'
import { JsepError } from '../../lib/jsep/index.ts'
import { agreedOn, cut, group, mediaSide, mids, negotiate, ports, takeAll, transceiversOf } from './media-side.ts'
import { linesOf } from './side.ts'

const kinds = ['audio', 'audio', 'video'] as const
const policies = ['balanced', 'max-compat', 'max-bundle'] as const

/** As one that knows nothing of BUNDLE would answer: what has no port is rejected. */
const unbundled = (offer: string): string => {
  const peer = mediaSide('p', [], { bundlePolicy: 'max-compat' })
  peer.setRemote('offer', offer.replace(/a=(?:group|bundle-only).*\r\n/g, ''))
  takeAll(peer)
  return peer.answer()
}

t.test('a peer that does not bundle takes what has a transport of its own', t => {
  const taken = {
    balanced: ['0', undefined, '2'],
    'max-compat': ['0', '1', '2'],
    'max-bundle': ['0', undefined, undefined],
  }
  for (const bundlePolicy of policies) {
    const side = mediaSide('side', kinds, { bundlePolicy })
    const answer = unbundled(side.sendOffer())
    t.same(group(answer), [])
    const { media, transceivers } = side.setRemote('answer', answer)
    t.same(
      media.map(({ rejected, transportMid }) => (rejected ? undefined : transportMid)),
      taken[bundlePolicy],
      bundlePolicy,
    )
    t.equal(transceivers.stopped.length, taken[bundlePolicy].filter(each => each === undefined).length)
    const again = side.sendOffer()
    t.same(
      linesOf(again, 'a=ice-ufrag').map(line => line.slice(12)),
      taken[bundlePolicy].flatMap(mid => (mid === undefined ? [] : [`side${mid}gen0`])),
      'each keeps its own',
    )
    t.match(
      group(again),
      [`BUNDLE ${taken[bundlePolicy].filter(mid => mid !== undefined).join(' ')}`],
      'which is offered again',
    )
  }
  t.end()
})

t.test('an offer that does not bundle is taken as far as the policy goes', t => {
  const offer = mediaSide('o', kinds, { bundlePolicy: 'max-compat' })
    .offer()
    .replace(/a=group.*\r\n/, '')
  const taken = { balanced: [9, 0, 9], 'max-compat': [9, 9, 9], 'max-bundle': [9, 0, 0] }
  for (const bundlePolicy of policies) {
    const side = mediaSide('side', [], { bundlePolicy })
    t.same(ports(side.sendAnswer(offer)).map(Number), taken[bundlePolicy], bundlePolicy)
    t.equal(transceiversOf(side).length, taken[bundlePolicy].filter(port => port === 9).length)
  }
  t.end()
})

t.test('what is new is bundled from the beginning, whatever the policy', t => {
  for (const bundlePolicy of policies) {
    const [a, b] = agreedOn(kinds, { bundlePolicy })
    for (const side of [a, b]) {
      side.negotiation.addTransceiver({ kind: 'video' })
      const offer = side.offer()
      t.same(group(offer), ['BUNDLE 0 1 2 3'])
      t.equal(new Set(linesOf(offer, 'a=ice-ufrag')).size, 1)
      t.same(linesOf(offer, 'a=bundle-only'), [])
    }
  }
  t.end()
})

t.test('an answer names first what carries the transport', t => {
  const [session, audio, video] = cut(mediaSide('o', ['audio', 'video']).offer())
  const nothing = audio!.replace(/^(m=audio 9 \S+) .*$/m, '$1 99').replace(/a=(?:rtpmap|fmtp|rtcp-fb).*\r\n/g, '')
  const shared = video!
    .replace('a=mid:1', 'a=mid:2')
    .replace('m=video 9', 'm=video 0')
    .replace(/a=ice-ufrag(?:.*\r\n)*?a=setup.*\r\n/, 'a=bundle-only\r\n')
  t.equal(linesOf(shared, 'a=ice').length, 0)
  const side = mediaSide('side')
  const answer = side.sendAnswer(session!.replace('BUNDLE 0 1', 'BUNDLE 0 2 1') + nothing + video! + shared)
  t.same(ports(answer), ['0', '9', '9'])
  t.same(group(answer), ['BUNDLE 1 2'], 'the first can do nothing that we can')

  const alone = mediaSide('side').sendAnswer(session!.replace('BUNDLE 0 1', 'BUNDLE 0 2') + nothing + shared)
  t.same(ports(alone), ['0', '0'], 'and where nobody else has a transport, nothing is left')
  t.end()
})

t.test('answers that bundle otherwise than was offered are refused', t => {
  const offerer = mediaSide('o', kinds)
  const offer = offerer.sendOffer()
  const answer = mediaSide('p').sendAnswer(offer)
  const cases: [reason: RegExp, answer: string][] = [
    [/in no BUNDLE group/, answer.replace(/a=group.*\r\n/, '')],
    [/no transport to carry/, answer.replace('BUNDLE 0 1 2', 'BUNDLE 1 0 2')],
    [/no a=rtcp-mux/, answer.replaceAll('a=rtcp-mux\r\n', '')],
  ]
  for (const [reason, wrong] of cases) {
    t.not(wrong, answer)
    try {
      offerer.setRemote('answer', wrong)
      t.fail(String(reason))
    } catch (error) {
      t.ok(error instanceof JsepError && error.code === 'InvalidAccessError')
      t.match((error as Error).message, reason)
    }
  }
  t.equal(offerer.setRemote('answer', answer).signalingState, 'stable')

  const pairs = mediaSide('o', ['audio', 'video'])
  const apart = pairs.sendOffer()
  const swapped = mediaSide('p').sendAnswer(apart)
  t.equal(pairs.setRemote('answer', swapped).signalingState, 'stable')
  t.end()
})

t.test('rtcp-mux is said for the transport where others are bundled onto it', t => {
  const [session, audio, video] = cut(mediaSide('o', ['audio', 'video']).offer())
  const without = (text: string) => text.replace(/a=rtcp-(?:mux|mux-only|rsize)\r\n/g, '')
  const answerTo = (...parts: string[]) => mediaSide('side').sendAnswer(parts.join(''))
  t.same(ports(answerTo(session!, audio!, without(video!))), ['9', '9'])
  t.match(linesOf(answerTo(session!, audio!, without(video!)), 'a=rtcp'), [
    ...['a=rtcp-mux', 'a=rtcp-rsize', 'a=rtcp-xr:rcvr-rtt=all'],
    'a=rtcp-fb:111 transport-cc',
  ])
  t.same(ports(answerTo(session!, without(audio!), video!)), ['0', '9'])
  t.same(ports(answerTo(session!.replace(/a=group.*\r\n/, ''), audio!, without(video!))), ['9', '0'])
  t.end()
})

t.test('only new m-sections say that RTCP comes nowhere else', t => {
  const a = mediaSide('a', ['audio'])
  const offer = a.offer()
  t.equal(linesOf(offer, 'a=rtcp-mux-only').length, 1)
  t.equal(linesOf(offer, 'a=rtcp:').length, 1)
  const b = mediaSide('b')
  negotiate(a, b)
  for (const side of [a, b]) {
    side.negotiation.addTransceiver({ kind: 'video' })
    const [, audio, video] = cut(side.offer())
    t.same([linesOf(audio, 'a=rtcp-mux').length, linesOf(audio, 'a=rtcp:').length], [1, 0])
    t.same([linesOf(video, 'a=rtcp-mux').length, linesOf(video, 'a=rtcp:').length], [2, 1])
  }
  t.notMatch(b.negotiation.currentLocalDescription?.sdp, /rtcp-mux-only|a=rtcp:/)
  t.same(mids(b.offer()), ['0', '1'])
  t.end()
})

t.test(
  'what has no transport of its own names the one that carries it all the same: browsers would reject it, or take it for a restart',
  t => {
    const offer = mediaSide('side', kinds, { bundlePolicy: 'max-bundle' }).sendOffer()
    t.equal(linesOf(offer, 'a=bundle-only').length, 2)
    t.equal(linesOf(offer, 'a=ice-ufrag').length, 3)
    t.equal(new Set(linesOf(offer, 'a=ice-ufrag')).size, 1)
    t.equal(linesOf(offer, 'a=fingerprint').length, 3)
    t.same(linesOf(offer, 'a=setup'), ['a=setup:actpass', 'a=setup:actpass', 'a=setup:actpass'])
    t.end()
  },
)

t.test(
  'an m-section with credentials and no certificate is carried by the first of its group, and without one is refused',
  t => {
    const side = mediaSide('side', kinds, { bundlePolicy: 'max-bundle' })
    const peer = mediaSide('p', [])
    const answer = peer.sendAnswer(side.sendOffer())
    const [head = '', first = '', ...others] = answer.split(/^(?=m=)/m)
    const bare = others.map(each => each.replace(/a=(?:fingerprint|setup).*\r\n/g, ''))
    t.ok(
      bare.every(each => each.includes('a=ice-ufrag')),
      'credentials stay',
    )
    t.throws(
      () => side.setRemote('answer', [head.replace(/a=group.*\r\n/, ''), first, ...bare].join('')),
      /no DTLS fingerprint/,
    )
    const { media } = side.setRemote('answer', [head, first, ...bare].join(''))
    t.same(
      media.map(({ rejected, transportMid }) => !rejected && transportMid),
      ['0', '0', '0'],
    )
    t.end()
  },
)
