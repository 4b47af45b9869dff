/** Audio and video are offered and answered (RFC 9429, 5.2 and 5.3): m-sections, directions, codecs, bundling. */

import t from 'tap'
import { DEFAULT_CAPABILITIES } from '../../lib/jsep/index.ts'
import { attribute, attributes, parseSdp } from '../../lib/sdp/index.ts'
import { linesOf, Side, sample } from './side.ts'

const media = (name: string, options: { data?: boolean } = {}) =>
  new Side(name, { ...options, capabilities: DEFAULT_CAPABILITIES })

const browsers = ['chromium-156', 'firefox-esr-153']
const scenarios = [
  ...['audio-recvonly', 'audio-video-data', 'audio-video-sendrecv', 'data-only', 'h264-only', 'ice-restart'],
  ...['media-stream-tracks', 'simulcast-send', 'stopped-mline', 'three-video-one-audio', 'vp9-av1-only'],
]

t.test('each transceiver gets an m-section in the order of its making, data comes behind', t => {
  const side = media('side', { data: true })
  const { negotiation: n } = side
  n.addTransceiver({ kind: 'video', direction: 'recvonly' })
  n.addTransceiver({ kind: 'audio', streamIds: ['s'], trackId: 'a' })
  const offer = side.offer()
  t.equal(side.offer(), offer, 'and the same again')
  t.same(
    linesOf(offer, 'm=').map(line => line.split(' ')[0]),
    ['m=video', 'm=audio', 'm=application'],
  )
  t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 0 1 2'])
  const [video, audio] = parseSdp(offer).media
  t.equal(attribute(video!, 'recvonly'), true)
  t.same(attributes(video!, 'ssrc'), [], 'what only receives names no stream')
  t.equal(attribute(audio!, 'sendrecv'), true)
  t.same(attributes(audio!, 'msid'), [{ id: 's', appdata: 'a' }])
  t.equal(attribute(audio!, 'rtcp-mux'), true)
  t.equal(n.transceivers[0]!.mid, undefined, 'it is associated when the offer is applied')
  side.setLocal('offer', offer)
  t.same(
    n.transceivers.map(({ mid, mLineIndex }) => [mid, mLineIndex]),
    [
      ['0', 0],
      ['1', 1],
    ],
  )
  t.end()
})

t.test('both sides agree on the direction, as each sees it', t => {
  const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
  const sends = (direction: string) => direction === 'sendrecv' || direction === 'sendonly'
  const receives = (direction: string) => direction === 'sendrecv' || direction === 'recvonly'
  for (const offered of directions) {
    for (const wanted of directions) {
      const [a, b] = [media('a'), media('b')]
      const ours = a.negotiation.addTransceiver({ kind: 'audio', direction: offered })
      b.setRemote('offer', a.sendOffer())
      const [theirs] = b.negotiation.transceivers
      theirs!.direction = wanted
      const answer = b.answer()
      b.setLocal('answer', answer)
      a.setRemote('answer', answer)
      const here = ours.currentDirection!
      const there = theirs!.currentDirection!
      t.equal(sends(here), sends(offered) && receives(wanted), `${offered}, ${wanted}`)
      t.equal(receives(here), receives(offered) && sends(wanted))
      t.same([sends(here), receives(here)], [receives(there), sends(there)])
      t.equal(ours.negotiated?.send !== undefined, sends(here))
      t.equal(ours.negotiated?.receive !== undefined, receives(here))
    }
  }
  t.end()
})

t.test('every offer of a browser is answered with what both can', t => {
  for (const browser of browsers) {
    for (const scenario of scenarios.filter(name => browser !== 'firefox-esr-153' || name !== 'h264-only')) {
      for (const kind of ['offer', 'offer_trickle']) {
        const name = `${browser} ${scenario} ${kind}`
        const offer = sample(`${browser}/${scenario}.${kind}`)
        const side = media('side')
        side.setRemote('offer', offer)
        for (const transceiver of side.negotiation.transceivers) transceiver.direction = 'sendrecv'
        const answer = side.answer()
        const offered = parseSdp(offer).media
        const answered = parseSdp(answer).media
        t.equal(answered.length, offered.length, name)
        for (const [index, section] of answered.entries()) {
          const theirs = offered[index]!
          const isRejected = theirs.port === 0 && attribute(theirs, 'bundle-only') === undefined
          t.equal(section.port === 0, isRejected, `${name}: ${index}`)
          if (section.port === 0 || section.kind === 'application') continue
          const formats = new Set(theirs.formats)
          t.ok(section.formats.length > 0 && section.formats.every(format => formats.has(format)))
          const ids = new Map(attributes(theirs, 'extmap').map(({ id, uri }) => [id, uri]))
          for (const { id, uri } of attributes(section, 'extmap')) t.equal(ids.get(id), uri)
          for (const { payloadType, type, parameter } of attributes(section, 'rtcp-fb')) {
            const isOffered = attributes(theirs, 'rtcp-fb').some(
              each => each.type === type && each.parameter === parameter && each.payloadType === payloadType,
            )
            t.ok(isOffered, `${name}: ${type} ${parameter}`)
          }
          t.notOk(attribute(section, 'simulcast'))
        }
        const applied = side.setLocal('answer', answer)
        t.equal(applied.signalingState, 'stable')
      }
    }
  }
  t.end()
})

t.test('our preferences restrict and order what is answered', t => {
  const side = media('side')
  side.setRemote('offer', sample('chromium-156/audio-video-sendrecv.offer'))
  const video = side.negotiation.transceivers.find(({ kind }) => kind === 'video')!
  video.codecPreferences = [
    { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=0' },
    { mimeType: 'video/VP8', clockRate: 90_000 },
  ]
  const section = parseSdp(side.answer()).media[1]!
  t.same(
    attributes(section, 'rtpmap').map(({ encoding }) => encoding),
    ['VP9', 'VP8'],
    'without retransmissions, since none were preferred',
  )
  video.codecPreferences = [{ mimeType: 'video/H265', clockRate: 90_000 }]
  t.equal(parseSdp(side.answer()).media[1]!.port, 0, 'nothing in common')
  t.end()
})

t.test('payload types mean the same throughout a session', t => {
  const side = media('side')
  side.sendAnswer(sample('firefox-esr-153/audio-video-sendrecv.offer'))
  side.negotiation.addTransceiver({ kind: 'video' })
  const offer = side.sendOffer()
  const meaning = new Map<number, string>()
  for (const section of parseSdp(offer).media) {
    const formats = new Map(attributes(section, 'fmtp').map(({ format, parameters }) => [format, parameters]))
    for (const { payloadType, encoding } of attributes(section, 'rtpmap')) {
      const text = `${encoding} ${formats.get(String(payloadType)) ?? ''}`
      t.equal(meaning.get(payloadType) ?? text, text)
      meaning.set(payloadType, text)
    }
  }
  t.match(meaning.get(109), /^opus/, 'Firefox’s number for Opus stays')
  t.match(meaning.get(120), /^VP8/)
  const numbers = [...meaning.keys()]
  t.ok(numbers.every(number => number < 64 || number >= 96))
  const uris = new Map<number, string>()
  for (const section of parseSdp(offer).media) {
    for (const { id, uri } of attributes(section, 'extmap')) {
      t.equal(uris.get(id) ?? uri, uri)
      uris.set(id, uri)
    }
  }
  t.end()
})

t.test('an m-section without rtcp-mux is rejected', t => {
  const side = media('side')
  const offer = sample('chromium-156/audio-video-sendrecv.offer').replace('a=rtcp-mux\r\n', '')
  const answer = parseSdp(side.sendAnswer(offer))
  t.same([answer.media[0]!.port === 0, answer.media[1]!.port === 0], [true, false])
  t.end()
})

t.test('header extensions of both forms are announced only to who has announced them', t => {
  const offer = sample('chromium-156/audio-video-sendrecv.offer')
  t.match(media('side').sendAnswer(offer), 'a=extmap-allow-mixed')
  t.notMatch(media('side').sendAnswer(offer.replace('a=extmap-allow-mixed\r\n', '')), 'a=extmap-allow-mixed')
  t.end()
})

t.test('an id that stands for two extensions in one BUNDLE group is answered for the first alone', t => {
  const [a, b] = [media('a'), media('b')]
  a.negotiation.addTransceiver({ kind: 'video' })
  a.negotiation.addTransceiver({ kind: 'audio' })
  const offer = a.offer()
  const idsOf = (sdp: string, index: number) =>
    new Map(attributes(parseSdp(sdp).media[index]!, 'extmap').map(({ id, uri }) => [uri, id]))
  const level = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
  const time = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
  const collides = (sdp: string) =>
    sdp.replace(`extmap:${idsOf(offer, 1).get(level)} ${level}`, `extmap:${idsOf(offer, 0).get(time)} ${level}`)
  b.setRemote('offer', collides(offer))
  const answer = b.answer()
  t.equal(idsOf(answer, 0).get(time), idsOf(offer, 0).get(time))
  t.notOk(idsOf(answer, 1).has(level))
  t.ok(idsOf(answer, 1).size > 0, 'what does not collide is')

  // On transports of their own each has its table.
  const [c, d] = [media('c'), media('d')]
  c.negotiation.addTransceiver({ kind: 'video' })
  c.negotiation.addTransceiver({ kind: 'audio' })
  d.setRemote('offer', collides(c.offer()).replace(/a=group:BUNDLE.*\r\n/, ''))
  t.ok(idsOf(d.answer(), 1).has(level))
  t.end()
})
