/** Header extensions in descriptions (RFC 8285, 5 and 6): directions, ids, both forms. */

import t from 'tap'
import { attributes, parseSdp } from '../../lib/sdp/index.ts'
import { agreedOn, cut, mediaSide, negotiate, takeAll, transceiversOf } from './media-side.ts'
import { linesOf, sample } from './side.ts'

const LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid'
const TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'

/** An offer of audio whose extensions are these lines. */
const withExtensions = (...lines: string[]): string => {
  const [session, audio] = cut(sample('chromium-156/audio-recvonly.offer').replace('a=recvonly', 'a=sendrecv'))
  return session! + audio!.replace(/a=extmap:.*\r\n/g, '').replace('a=mid', `${lines.join('\r\n')}\r\na=mid`)
}

const answered = (offer: string): string[] => {
  const side = mediaSide('side')
  side.setRemote('offer', offer)
  takeAll(side)
  return linesOf(side.answer(), 'a=extmap:')
}

t.test('what one side only sends, the other only receives', t => {
  const cases = { '': '', '/sendrecv': '', '/sendonly': '/recvonly', '/recvonly': '/sendonly' }
  for (const [offered, expected] of Object.entries(cases)) {
    t.same(answered(withExtensions(`a=extmap:1${offered} ${LEVEL}`)), [`a=extmap:1${expected} ${LEVEL}`])
  }
  t.same(answered(withExtensions(`a=extmap:1/inactive ${LEVEL}`)), [])
  const firefox = answered(sample('firefox-esr-153/audio-video-sendrecv.offer'))
  t.ok(firefox.includes('a=extmap:6/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'))
  t.end()
})

t.test('directions of ours are told, and decide what is sent and what is expected', t => {
  const [a, b] = [mediaSide('a', ['audio']), mediaSide('b')]
  transceiversOf(a)[0]!.extensionDirections = new Map([
    [LEVEL, 'sendonly'],
    [TIME, 'stopped'],
  ])
  const offer = a.offer()
  t.equal(linesOf(offer, 'a=extmap:').filter(line => /^a=extmap:\d+\//.test(line)).length, 1)
  t.match(offer, /a=extmap:\d+\/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level/)
  t.notMatch(offer, TIME)
  negotiate(a, b)
  const [here, there] = [a, b].map(side => transceiversOf(side)[0]!.negotiated!)
  const has = (list: readonly { readonly uri: string }[] | undefined, uri: string) =>
    list?.some(each => each.uri === uri)
  t.same([has(here!.send?.extensions, LEVEL), has(here!.receive?.extensions, LEVEL)], [true, false])
  t.same([has(there!.send?.extensions, LEVEL), has(there!.receive?.extensions, LEVEL)], [false, true])
  for (const { send, receive } of [here!, there!]) {
    t.same([has(send?.extensions, MID), has(receive?.extensions, MID)], [true, true])
  }
  t.end()
})

t.test('ids that are none, or are taken, are left out', t => {
  t.same(answered(withExtensions(`a=extmap:15 ${LEVEL}`, `a=extmap:4096 ${TIME}`, `a=extmap:300 ${MID}`)), [])
  t.same(answered(withExtensions(`a=extmap:3 ${LEVEL}`, `a=extmap:3 ${TIME}`)), [`a=extmap:3 ${LEVEL}`])
  t.same(answered(withExtensions(`a=extmap:3 ${LEVEL}`, `a=extmap:4 ${LEVEL}`)), [`a=extmap:3 ${LEVEL}`])
  t.same(answered(withExtensions(`a=extmap:200 ${LEVEL}`)), [`a=extmap:200 ${LEVEL}`], 'of the two-byte form')
  t.end()
})

t.test('encrypted extensions are not taken for plain ones', t => {
  const encrypted = `a=extmap:5 urn:ietf:params:rtp-hdrext:encrypt ${LEVEL}`
  t.same(answered(withExtensions(encrypted)), [])
  t.same(answered(withExtensions(encrypted, `a=extmap:6 ${LEVEL}`)), [`a=extmap:6 ${LEVEL}`])
  t.end()
})

t.test('extensions of the session are of every m-section', t => {
  const [session, audio] = cut(withExtensions(`a=extmap:1 ${MID}`))
  const offer = `${session}a=extmap:2 ${LEVEL}\r\na=extmap:1 ${TIME}\r\n${audio}`
  t.same(answered(offer), [`a=extmap:1 ${MID}`, `a=extmap:2 ${LEVEL}`])
  t.end()
})

t.test('both forms may be mixed where the peer says so, of the session or of an m-section', t => {
  const bare = withExtensions(`a=extmap:1 ${MID}`).replace('a=extmap-allow-mixed\r\n', '')
  const mixed = (offer: string) => {
    const side = mediaSide('side')
    side.setRemote('offer', offer)
    takeAll(side)
    const answer = side.answer()
    side.setLocal('answer', answer)
    const [session, audio] = cut(answer)
    return [
      linesOf(session, 'a=extmap-allow-mixed').length,
      linesOf(audio, 'a=extmap-allow-mixed').length,
      transceiversOf(side)[0]!.negotiated!.mixedExtensions,
    ]
  }
  t.same(mixed(bare), [0, 0, false])
  t.same(mixed(bare.replace('a=mid', 'a=extmap-allow-mixed\r\na=mid')), [0, 1, true])
  t.same(mixed(withExtensions(`a=extmap:1 ${MID}`)), [1, 0, true])
  const [a] = agreedOn(['audio'])
  t.equal(transceiversOf(a)[0]!.negotiated!.mixedExtensions, true)
  t.ok(attributes(parseSdp(a.offer()).media[0]!, 'extmap').every(({ id }) => id < 15))
  t.end()
})

const meaningsOf = (sdp: string): Map<string, number> =>
  new Map(
    parseSdp(sdp)
      .media.flatMap(media => attributes(media, 'extmap'))
      .map(({ id, uri }) => [uri, id]),
  )

t.test('what is offered first has the ids of Chromium: offers that cross mean the same', t => {
  const theirs = new Map(
    [...meaningsOf(sample('chromium-156/audio-video-sendrecv.offer'))].map(([uri, id]) => [id, uri]),
  )
  const crossing = mediaSide('a', ['audio', 'video']).offer()
  for (const [uri, id] of meaningsOf(crossing)) t.equal(theirs.get(id) ?? uri, uri, `${id}`)
  t.end()
})

t.test('an id above 14 is given where the peer has given one', t => {
  const lines = Array.from({ length: 10 }, (_, at) => `a=extmap:${at + 1} urn:of:another:${at}`)
  const offered = (...more: string[]) => {
    const side = mediaSide('side')
    side.setRemote('offer', withExtensions(...lines, ...more))
    takeAll(side)
    const answer = side.answer()
    side.setLocal('answer', answer)
    side.negotiation.addTransceiver({ kind: 'video', trackId: 'v', streamIds: ['s'] })
    return [...meaningsOf(side.offer()).values()]
  }
  const few = offered()
  t.ok(few.length >= 3 && few.every(id => id > 10 && id < 15), 'as many as there is room for')
  t.ok(offered('a=extmap:16 urn:of:another:16').some(id => id > 16))
  t.end()
})
