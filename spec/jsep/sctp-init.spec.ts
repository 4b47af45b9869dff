/** INIT chunks in descriptions (draft-hancke-tsvwg-snap): offered where wanted, answered where they can be used. */

import t from 'tap'
import { Side } from './side.ts'

const LINE = /a=sctp-init:(\S+)\r\n/
const shown = (sdp: string) => LINE.exec(sdp)?.[1]
const init = (...bytes: number[]) => Uint8Array.from(bytes)

/** Offers from `a` to `b` and answers; what each description shows, and what each side makes of it. */
const exchange = (a: Side, b: Side, change: (sdp: string) => string = sdp => sdp) => {
  const offer = a.offer()
  a.setLocal('offer', offer)
  b.setRemote('offer', change(offer))
  const answer = b.answer()
  const there = b.setLocal('answer', answer)
  const here = a.setRemote('answer', change(answer))
  return {
    offered: shown(offer),
    answered: shown(answer),
    here: here.media[0]?.sctp?.inits,
    there: there.media[0]?.sctp?.inits,
  }
}

t.test('both sides show theirs', t => {
  const [one, two] = [init(1, 0, 0, 20), init(1, 0, 0, 24)]
  const [a, b] = [new Side('a', { data: true, init: one }), new Side('b', { init: two })]
  for (const round of ['first', 'again']) {
    const { offered, answered, here, there } = exchange(a, b)
    t.equal(offered, 'AQAAFA==', round)
    t.equal(answered, 'AQAAGA==')
    t.same(here, { local: one, remote: two })
    t.same(there, { local: two, remote: one })
  }
  t.end()
})

t.test('one that only one side has is none', t => {
  const one = init(1, 2, 3)
  const cases: [string, Side, Side, string | undefined, string | undefined][] = [
    ['the offerer', new Side('a', { data: true, init: one }), new Side('b'), 'AQID', undefined],
    ['the answerer', new Side('c', { data: true }), new Side('d', { init: one }), undefined, undefined],
  ]
  for (const [name, a, b, offer, answer] of cases) {
    const { offered, answered, here, there } = exchange(a, b)
    t.equal(offered, offer, name)
    t.equal(answered, answer, name)
    t.same([here, there], [undefined, undefined])
  }
  t.end()
})

t.test('what cannot be used is not answered, and breaks nothing', t => {
  for (const value of ['CookieMonster!', '%', `${'A'.repeat(4000)}`, '/wAA']) {
    const [a, b] = [new Side('a', { data: true, init: init(1) }), new Side('b', { init: init(2) })]
    const { answered, here, there } = exchange(a, b, sdp => sdp.replace(LINE, `a=sctp-init:${value}\r\n`))
    t.equal(answered, undefined, value.slice(0, 20))
    t.same([here, there], [undefined, undefined])
  }
  t.end()
})

t.test('our own, come back from a peer that answers with every attribute that it does not know, is none', t => {
  const [a, b] = [new Side('a', { data: true, init: init(1, 2, 3) }), new Side('b')]
  const echoing = (sdp: string) =>
    shown(sdp) === undefined ? sdp.replace(/a=sctp-port/, 'a=sctp-init:AQID\r\na=sctp-port') : sdp
  t.same(exchange(a, b, echoing).here, undefined)
  t.end()
})
