/** Encrypted header extensions are agreed on: altogether (RFC 9335, 4; webrtc-extensions), or one by one (RFC 6904, 4). */

import t from 'tap'
import { DEFAULT_CAPABILITIES } from '../../lib/jsep/index.ts'
import { linesOf, Side, sample } from './side.ts'

const side = (name: string, headerEncryption?: 'negotiate' | 'require') =>
  new Side(name, { data: true, capabilities: DEFAULT_CAPABILITIES, ...(headerEncryption && { headerEncryption }) })

const withMedia = (name: string, headerEncryption?: 'negotiate' | 'require') => {
  const made = side(name, headerEncryption)
  made.negotiation.addTransceiver({ kind: 'audio' })
  made.negotiation.addTransceiver({ kind: 'video' })
  return made
}
const ENCRYPT = 'urn:ietf:params:rtp-hdrext:encrypt'
const LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'

t.test('without being asked to, nothing is said of it', t => {
  t.same(linesOf(withMedia('a').offer(), 'a=cryptex'), [])
  const answer = side('b').sendAnswer(withMedia('c', 'negotiate').sendOffer())
  t.same(linesOf(answer, 'a=cryptex'), [])
  t.end()
})

t.test('every m-section of media offers it, and answers where it was offered', t => {
  const [a, b] = [withMedia('a', 'negotiate'), side('b', 'negotiate')]
  const offer = a.sendOffer()
  t.same(
    offer.split('m=').map(section => linesOf(section, 'a=cryptex').length),
    [0, 1, 1, 0],
    'data has no headers to hide',
  )
  const answer = b.sendAnswer(offer)
  t.same(linesOf(answer, 'a=cryptex').length, 2)
  a.setRemote('answer', answer)
  for (const { negotiation } of [a, b]) {
    t.same(
      negotiation.transceivers.map(({ negotiated }) => negotiated?.cryptex),
      [true, true],
    )
  }
  const plain = withMedia('c')
  const other = side('d', 'negotiate')
  const usual = other.sendAnswer(plain.sendOffer())
  t.same(linesOf(usual, 'a=cryptex'), [], 'not where it was not')
  plain.setRemote('answer', usual)
  t.same(
    other.negotiation.transceivers.map(({ negotiated }) => negotiated?.cryptex),
    [false, false],
  )
  t.end()
})

t.test('it may be said once for all m-sections', t => {
  const offer = withMedia('a', 'negotiate').sendOffer()
  const once = offer.replaceAll('a=cryptex\r\n', '').replace('t=0 0\r\n', 't=0 0\r\na=cryptex\r\n')
  const b = side('b', 'negotiate')
  t.equal(linesOf(b.sendAnswer(once), 'a=cryptex').length, 2)
  t.end()
})

t.test('whoever requires it takes no description without', t => {
  const a = withMedia('a', 'require')
  a.sendOffer()
  const refused = { name: 'JsepError', code: 'InvalidAccessError' }
  const answerer = side('b')
  const offer = a.negotiation.pendingLocalDescription!.sdp
  t.throws(() => a.setRemote('answer', answerer.sendAnswer(offer)), refused)
  t.equal(a.state, 'have-local-offer', 'and nothing has changed')
  t.throws(() => side('c', 'require').setRemote('offer', withMedia('d').sendOffer()), refused)
  const able = side('e', 'negotiate')
  a.setRemote('answer', able.sendAnswer(offer))
  t.equal(a.state, 'stable')
  const data = new Side('f', { data: true })
  t.doesNotThrow(() => side('g', 'require').sendAnswer(data.sendOffer()), 'data alone has none')
  t.end()
})

/** An offer in which the audio level is there in the clear and encrypted, or encrypted alone. */
const offerOf6904 = (both: boolean): string => {
  const offer = withMedia('a').sendOffer()
  const clear = linesOf(offer, 'a=extmap').find(line => line.endsWith(LEVEL))!
  return offer.replace(`${clear}\r\n`, `${both ? `${clear}\r\n` : ''}a=extmap:13 ${ENCRYPT} ${LEVEL}\r\n`)
}

t.test('an extension that is offered encrypted is answered so, if it may be', t => {
  for (const both of [true, false]) {
    const b = side('b', 'negotiate')
    b.setRemote('offer', offerOf6904(both))
    const [audio] = b.negotiation.transceivers
    audio!.direction = 'sendrecv'
    const answer = b.answer()
    b.setLocal('answer', answer)
    const lines = linesOf(answer, 'a=extmap:').filter(line => line.includes(LEVEL))
    t.same(lines, [`a=extmap:13 ${ENCRYPT} ${LEVEL}`], both ? 'one of two' : 'the only one')
    const expected = { uri: LEVEL, id: 13, encrypted: true }
    for (const way of ['send', 'receive'] as const) {
      t.same(
        audio!.negotiated![way]!.extensions.filter(({ uri }) => uri === LEVEL),
        [expected],
      )
    }
    const again = linesOf(b.offer(), 'a=extmap:').filter(line => line.includes(LEVEL))
    t.same(again, lines, 'and it stays what it is')
  }
  t.end()
})

t.test('otherwise it is taken in the clear, or not at all', t => {
  const clear = (answer: string) => linesOf(answer, 'a=extmap:').filter(line => line.includes(LEVEL))
  const [line] = clear(side('b').sendAnswer(offerOf6904(true)))
  t.notMatch(line, ENCRYPT)
  t.match(line, LEVEL)
  t.same(clear(side('c').sendAnswer(offerOf6904(false))), [])
  t.end()
})

t.test('with Cryptex, an extension needs no encryption of its own', t => {
  const offer = offerOf6904(true).replaceAll('a=rtcp-mux\r\n', 'a=rtcp-mux\r\na=cryptex\r\n')
  const answer = side('b', 'negotiate').sendAnswer(offer)
  t.equal(linesOf(answer, 'a=cryptex').length, 2)
  t.notMatch(answer, ENCRYPT)
  t.end()
})

t.test('what browsers offer is answered as before', t => {
  for (const browser of ['chromium-156', 'firefox-esr-153']) {
    const offer = sample(`${browser}/audio-video-sendrecv.offer`)
    const answers = [side('b'), side('b', 'negotiate')].map(each => each.sendAnswer(offer))
    const without = answers.map(answer => linesOf(answer, 'a=extmap'))
    t.same(without[0], without[1], browser)
  }
  t.end()
})
