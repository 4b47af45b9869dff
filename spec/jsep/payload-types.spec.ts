/**
 * Payload types and extension ids mean one thing in a session, and in all m-sections that share a transport (RFC 3264, 8.3.2;
 * RFC 9143, 9.1; RFC 8285, 6); each side has its own for what it receives (RFC 3264, 5.1).
 */

import t from 'tap'
import { encodingOf } from '../../lib/rtp/index.ts'
import { attributes, parseSdp } from '../../lib/sdp/index.ts'
import { agreedOn, cut, meanings, mediaSide, negotiate, takeAll, transceiversOf } from './media-side.ts'
import { linesOf, sample } from './side.ts'

/** Each number stands for one thing, within each m-section and across them. */
const isConsistent = (sdp: string): boolean => {
  const all = new Map<number, string>()
  for (const media of parseSdp(sdp).media) {
    const numbers = attributes(media, 'rtpmap').map(({ payloadType }) => payloadType)
    if (new Set(numbers).size !== numbers.length) return false
  }
  return meanings(sdp).every(section =>
    [...section].every(([number, meaning]) => {
      const before = all.get(number) ?? meaning
      all.set(number, meaning)
      return before === meaning
    }),
  )
}

const renumber = (sdp: string, numbers: Readonly<Record<number, number>>): string =>
  sdp
    .replace(/(a=(?:rtpmap|fmtp|rtcp-fb):)(\d+)/g, (_, name, type) => `${name}${numbers[type] ?? type}`)
    .replace(/apt=(\d+)/g, (_, type) => `apt=${numbers[type] ?? type}`)
    .replace(/^(m=\w+ \d+ \S+) (.*)$/gm, (_, head: string, types: string) => {
      return [head, ...types.split(' ').map(type => numbers[Number(type)] ?? type)].join(' ')
    })

t.test('a number that was ours in an offer that gave way is the peer’s from then on', t => {
  const [a, b] = [mediaSide('a', ['video']), mediaSide('b', ['video'])]
  for (const side of [a, b]) for (const each of transceiversOf(side)) each.addedByTrack = true
  const lost = a.sendOffer()
  t.match(meanings(lost)[0]!.get(96), /^VP8/)
  const swapped = renumber(b.sendOffer(), { 96: 98, 98: 96 })
  a.setLocal('rollback')
  const [, video] = cut(a.sendAnswer(swapped))
  t.match(meanings(a.negotiation.currentLocalDescription!.sdp)[0]!.get(96), /^VP9/)
  t.ok(video)
  a.negotiation.addTransceiver({ kind: 'video' })
  const offer = a.sendOffer()
  t.ok(isConsistent(offer))
  for (const section of meanings(offer)) {
    t.match(section.get(96), /^VP9/)
    t.match(section.get(98), /^VP8/)
  }
  t.end()
})

t.test('what the peer took for something that it alone can do is not used for another', t => {
  const offer = sample('firefox-esr-153/audio-video-sendrecv.offer')
  const side = mediaSide('side')
  // H264 in place of what we would have at its number.
  const [session, audio, video] = cut(offer)
  const alien = video!
    .replace(/^(m=video \S+ \S+) .*$/m, '$1 120 97')
    .replace(/a=(?:rtpmap|fmtp|rtcp-fb):(?!120)\d+.*\r\n/g, '')
    .replace('a=mid', 'a=rtpmap:97 X-ALIEN/90000\r\na=mid')
  side.setRemote('offer', session! + audio! + alien)
  takeAll(side)
  side.setLocal('answer', side.answer())
  side.negotiation.addTransceiver({ kind: 'video' })
  const again = side.offer()
  t.ok(isConsistent(again))
  for (const section of meanings(again)) t.equal(section.get(97), undefined)
  t.end()
})

t.test('a peer that gives one number two meanings is answered, and offered what is clear', t => {
  const [session, , second] = cut(mediaSide('o', ['video', 'video']).offer())
  const [, first] = cut(mediaSide('o', ['video']).offer())
  const side = mediaSide('side')
  side.setRemote('offer', session! + first! + renumber(second!, { 96: 98, 98: 96 }))
  takeAll(side)
  const answer = side.answer()
  t.match(meanings(answer)[0]!.get(96), /^VP8/)
  t.match(meanings(answer)[1]!.get(96), /^VP9/)
  side.setLocal('answer', answer)
  const offer = side.sendOffer()
  t.ok(isConsistent(offer))
  t.match(meanings(offer)[0]!.get(96), /^VP8/, 'the first keeps what it has')
  t.same(
    [...meanings(offer)[1]!.values()].filter(each => /^VP[89]/.test(each)).length,
    [...meanings(offer)[0]!.values()].filter(each => /^VP[89]/.test(each)).length,
  )
  t.end()
})

t.test('numbers that RTCP would be taken for, and none, are not read', t => {
  const [session, video] = cut(mediaSide('o', ['video']).offer())
  const more = video!.replace(/^(m=video .*)$/m, '$1 72 72 96 200 x').replace('a=mid', 'a=rtpmap:72 VP8/90000\r\na=mid')
  const side = mediaSide('side')
  const answer = side.sendAnswer(session! + more)
  t.notMatch(answer, /a=rtpmap:72/)
  t.ok(isConsistent(answer))
  t.end()
})

t.test('each side sends with the numbers of the other', t => {
  const a = mediaSide('a', ['video'])
  const b = mediaSide('b')
  b.setRemote('offer', a.sendOffer())
  takeAll(b)
  const answer = b.answer()
  b.setLocal('answer', answer)
  // RFC 3264, 6.1: an answer may name its own.
  a.setRemote('answer', renumber(answer, { 96: 110, 97: 111 }))
  const { send, receive } = transceiversOf(a)[0]!.negotiated!
  const typeOf = (codecs: typeof send, name: string) =>
    codecs?.codecs.find(codec => encodingOf(codec) === name)?.payloadType
  t.equal(typeOf(send, 'VP8'), 110)
  t.equal(receive?.codecs.find(codec => encodingOf(codec) === 'VP8')?.payloadType, 96)
  t.equal(send?.codecs.find(({ sdpFmtpLine }) => sdpFmtpLine === 'apt=110')?.payloadType, 111)
  t.end()
})

t.test('the order of the latest answer stays in later offers, unless the application prefers another', t => {
  const a = mediaSide('a', ['video'])
  const b = mediaSide('b')
  b.setRemote('offer', a.sendOffer())
  const [theirs] = transceiversOf(b)
  theirs!.direction = 'sendrecv'
  theirs!.codecPreferences = [
    { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=0' },
    { mimeType: 'video/AV1', clockRate: 90_000, sdpFmtpLine: 'level-idx=5;profile=0;tier=0' },
  ]
  const answer = b.answer()
  b.setLocal('answer', answer)
  a.setRemote('answer', answer)
  const names = (sdp: string) => attributes(parseSdp(sdp).media[0]!, 'rtpmap').map(({ encoding }) => encoding)
  t.same(names(a.offer()).slice(0, 3), ['VP9', 'AV1', 'VP8'], 'what it left out comes behind')
  t.same(names(b.offer()), ['VP9', 'AV1'])
  theirs!.codecPreferences = []
  t.same(names(b.offer()).slice(0, 3), ['VP9', 'AV1', 'VP8'])
  transceiversOf(a)[0]!.codecPreferences = [
    { mimeType: 'video/AV1', clockRate: 90_000 },
    { mimeType: 'video/VP9', clockRate: 90_000 },
  ]
  t.same(names(a.offer()), ['AV1', 'VP9'])
  t.end()
})

t.test('extensions keep their ids, and new ones get what nobody has', t => {
  const side = mediaSide('side')
  const [session, audio] = cut(sample('chromium-156/audio-recvonly.offer'))
  const offered = audio!.replace(/a=extmap:1 /, 'a=extmap:13 ')
  side.setRemote('offer', session! + offered)
  side.setLocal('answer', side.answer())
  side.negotiation.addTransceiver({ kind: 'video' })
  const sections = parseSdp(side.offer()).media.map(
    media => new Map(attributes(media, 'extmap').map(({ id, uri }) => [uri, id])),
  )
  const theirs = new Map(attributes(parseSdp(session! + offered).media[0]!, 'extmap').map(({ id, uri }) => [uri, id]))
  const ids = new Map<number, string>()
  for (const section of sections) {
    for (const [uri, id] of section) {
      if (theirs.has(uri)) t.equal(id, theirs.get(uri))
      t.equal(ids.get(id) ?? uri, uri)
      ids.set(id, uri)
    }
  }
  t.equal(sections[0]!.get('urn:ietf:params:rtp-hdrext:ssrc-audio-level'), 13)
  t.end()
})

t.test('nothing changes by itself from one offer to the next', t => {
  const [a, b] = agreedOn(['audio', 'video'])
  const numbers = (sdp: string) => linesOf(sdp, 'a=rtpmap').concat(linesOf(sdp, 'a=extmap:'), linesOf(sdp, 'a=fmtp'))
  const first = numbers(a.offer())
  for (const _ of [1, 2]) {
    negotiate(a, b)
    negotiate(b, a)
  }
  t.same(numbers(a.offer()), first)
  t.same(new Set(numbers(b.offer())), new Set(first))
  t.end()
})
