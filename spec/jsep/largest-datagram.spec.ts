/** How large a datagram a side takes, in descriptions: announced both ways, believed only of whoever wrote it. */

import t from 'tap'
import { again, Side } from './side.ts'

const LINE = /a=x-purertc-largest-datagram:.*\r\n/

t.test('both sides announce theirs, again after a restart', t => {
  const [a, b] = [new Side('a', { data: true, largestDatagram: 16_384 }), new Side('b', { largestDatagram: 4000 })]
  for (const iceRestart of [false, true]) {
    const [here, there] = again(a, b, { iceRestart })
    t.equal(here.media[0]?.sctp?.remoteLargestDatagram, 4000)
    t.equal(there.media[0]?.sctp?.remoteLargestDatagram, 16_384)
  }
  t.match(a.offer(), /\r\na=x-purertc-largest-datagram:16384 a0gen1\r\n/)
  t.end()
})

t.test('a side that says nothing', t => {
  const [a, b] = [new Side('a', { data: true, largestDatagram: 16_384 }), new Side('b')]
  const offer = a.sendOffer()
  const answer = b.sendAnswer(offer)
  t.notMatch(answer, LINE)
  t.equal(a.setRemote('answer', answer).media[0]?.sctp?.remoteLargestDatagram, undefined)
  t.end()
})

t.test('our own, come back from a peer that answers with every attribute that it does not know', t => {
  const [a, b] = [new Side('a', { data: true, largestDatagram: 16_384 }), new Side('b')]
  const offer = a.sendOffer()
  const [line] = LINE.exec(offer)!
  const echoed = b.sendAnswer(offer).replace(/a=sctp-port/, `${line}a=sctp-port`)
  t.equal(a.setRemote('answer', echoed).media[0]?.sctp?.remoteLargestDatagram, undefined)
  t.end()
})

t.test('nothing of it in the form of old drafts, which only others write', t => {
  const offer = new Side('a', { data: true }).offer()
  const old = offer
    .replace('UDP/DTLS/SCTP webrtc-datachannel', 'DTLS/SCTP 5000')
    .replace('a=sctp-port:5000', 'a=sctpmap:5000 webrtc-datachannel 65535')
  t.notMatch(new Side('b', { largestDatagram: 16_384 }).sendAnswer(old), LINE)
  t.end()
})

t.test('what is not a number of bytes and the fragment of the m-section is none, and breaks nothing', t => {
  const values = [
    '16384',
    '1199 b0gen0',
    '65536 b0gen0',
    '99999 b0gen0',
    '1e4 b0gen0',
    '016384 b0gen0',
    '-16384 b0gen0',
  ]
  const more = ['16384 b0gen1', '16384  b0gen0', '16384 b0gen0 x', '16384 ', 'much b0gen0', '4000.5 b0gen0']
  for (const [value, expected] of [
    ...[...values, ...more].map(value => [value, undefined] as const),
    ...([
      ['1200 b0gen0', 1200],
      ['65535 b0gen0', 65_535],
    ] as const),
  ]) {
    const [a, b] = [new Side('a', { data: true }), new Side('b', { largestDatagram: 16_384 })]
    const answer = b.sendAnswer(a.sendOffer()).replace(LINE, `a=x-purertc-largest-datagram:${value}\r\n`)
    t.equal(a.setRemote('answer', answer).media[0]?.sctp?.remoteLargestDatagram, expected, value)
  }
  t.end()
})
