import t from 'tap'
import type { AppliedMedia } from '../../lib/jsep/index.ts'
import { attribute, parseSdp } from '../../lib/sdp/index.ts'
import { agreed, linesOf, Side, sample } from './side.ts'

const browsers = ['chromium-156', 'firefox-esr-153']

/** What aiortc 1.4 writes: the form of old drafts, and no ICE options. */
const aiortc = (setup: string): string =>
  [
    'v=0',
    'o=- 3973400219 3973400219 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=msid-semantic:WMS *',
    'm=application 45791 DTLS/SCTP 5000',
    'c=IN IP4 192.0.2.11',
    'a=mid:0',
    'a=sctpmap:5000 webrtc-datachannel 65535',
    'a=max-message-size:65536',
    'a=candidate:3498147984a1a1 1 udp 2130706431 192.0.2.11 45791 typ host',
    'a=end-of-candidates',
    'a=ice-ufrag:9K9X',
    'a=ice-pwd:mNmTUyKqEQxsJC9ZlXqbWb',
    `a=fingerprint:sha-256 ${Array(32).fill('1D').join(':')}`,
    `a=setup:${setup}`,
    '',
  ].join('\r\n')

/** pion's data-only offer: session-level fingerprint, sendrecv, no trickle. */
const pion = [
  'v=0',
  'o=- 6230134516838459712 1700000000 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'a=msid-semantic:WMS*',
  `a=fingerprint:sha-256 ${Array(32).fill('2E').join(':')}`,
  'a=extmap-allow-mixed',
  'a=group:BUNDLE 0',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=setup:actpass',
  'a=mid:0',
  'a=sendrecv',
  'a=sctp-port:5000',
  'a=max-message-size:1073741823',
  'a=ice-ufrag:PWvFGzXkrrLdkgDl',
  'a=ice-pwd:scuyoUhrVWMzVZZWQBRXMpyJUaBgsxij',
  '',
].join('\n')

const stated = (offer: string) => {
  const { attributes: session, media } = parseSdp(offer)
  const section = media.at(-1)!
  return {
    usernameFragment: attribute(section, 'ice-ufrag'),
    password: attribute(section, 'ice-pwd'),
    fingerprint: attribute(section, 'fingerprint') ?? attribute({ attributes: session }, 'fingerprint'),
    candidates: linesOf(offer.slice(offer.indexOf('m=application')), 'a=candidate').map(line => line.slice(2)),
    maxMessageSize: attribute(section, 'max-message-size'),
  }
}

t.test('offers of data are answered, whoever makes them', t => {
  const offers = [
    ...browsers.flatMap(name => ['offer', 'offer_trickle'].map(kind => sample(`${name}/data-only.${kind}`))),
    ...['libdatachannel', 'werift'].map(name => sample(`peers/${name}.offer`)),
    aiortc('actpass'),
    pion,
  ]
  for (const offer of offers) {
    const side = new Side('side')
    const [waiting] = side.setRemote('offer', offer).media
    t.match(waiting, { mid: '0', kind: 'application', rejected: false, transportMid: '0' })
    t.equal(side.negotiation.pendingRemoteDescription!.sdp, offer, 'as it came')
    const sdp = side.answer()
    const [media] = side.setLocal('answer', sdp).media
    const { usernameFragment, password, fingerprint, candidates, maxMessageSize } = stated(offer)
    t.match(media!.remote, { usernameFragment, password, fingerprints: [fingerprint] })
    t.same(media!.remote!.candidates, candidates)
    t.equal(media!.remote!.endOfCandidates, /a=end-of-candidates/.test(offer))
    t.equal(media!.dtlsRole, 'client')
    t.match(media!.sctp, { localPort: 5000, remotePort: 5000, remoteMaxMessageSize: maxMessageSize })
    t.same(linesOf(sdp, 'a=group'), ['a=group:BUNDLE 0'])
    t.equal(linesOf(sdp, 'm=').length, 1)
  }
  t.end()
})

t.test('the old form of data is answered in the old form, and kept in later offers', t => {
  const side = new Side('side')
  const answer = side.sendAnswer(aiortc('actpass'))
  t.same(linesOf(answer, 'm='), ['m=application 9 DTLS/SCTP 5000'])
  t.same(linesOf(answer, 'a=sctp'), ['a=sctpmap:5000 webrtc-datachannel 65535'])
  t.same(linesOf(answer, 'a=ice-options'), [])
  t.same(linesOf(side.sendOffer(), 'm='), ['m=application 9 DTLS/SCTP 5000'])
  t.match(side.setRemote('answer', aiortc('active')).media, [{ dtlsRole: 'client', sctp: { remotePort: 5000 } }])

  const elsewhere = aiortc('actpass').replaceAll('5000', '5001')
  const other = new Side('side')
  other.setRemote('offer', elsewhere)
  t.match(other.setLocal('answer', other.answer()).media[0]!.sctp, { localPort: 5000, remotePort: 5001 })

  for (const proto of ['TCP/DTLS/SCTP', 'DTLS/SCTP']) {
    const offer = sample('chromium-156/data-only.offer').replace('UDP/DTLS/SCTP', proto)
    t.same(linesOf(new Side('side').sendAnswer(offer), 'm='), [`m=application 9 ${proto} webrtc-datachannel`])
  }
  t.end()
})

t.test('a browser’s audio and video are rejected in their places, its data is accepted', t => {
  for (const name of browsers) {
    const side = new Side('side')
    const offer = sample(`${name}/audio-video-data.offer`)
    const answer = side.sendAnswer(offer)
    const [audio, video, data] = parseSdp(answer).media
    const offered = parseSdp(offer).media
    for (const [index, section] of [audio!, video!].entries()) {
      t.equal(section.port, 0)
      t.equal(section.protocol, offered[index]!.protocol)
      t.same(section.formats, offered[index]!.formats)
      t.equal(attribute(section, 'mid'), String(index))
      t.equal(attribute(section, 'ice-ufrag'), undefined)
    }
    t.equal(data!.port, 9)
    t.same(linesOf(answer, 'a=group'), ['a=group:BUNDLE 2'])
    const { media } = side.setRemote('offer', offer)
    t.match(media, [{ rejected: false }, { rejected: false }, { rejected: false, transportMid: '2' }], 'offered anew')
    const applied = side.setLocal('answer', side.answer()).media
    t.match(applied, [{ rejected: true }, { rejected: true }, { rejected: false, transportMid: '2', mid: '2' }])
    t.same([applied[0]!.local, applied[1]!.remote], [undefined, undefined])
    t.equal(applied[2]!.remote?.candidates.length, name.startsWith('chromium') ? 8 : 4)
    t.notMatch(side.sendOffer(), /a=group:BUNDLE (?!2\r)/)
    t.same(
      linesOf(side.negotiation.pendingLocalDescription!.sdp, 'm=').map(line => line.split(' ')[1]),
      ['0', '0', '9'],
    )
  }
  t.end()
})

t.test('media alone is rejected whole, and leaves a place for data later', t => {
  for (const name of browsers) {
    const side = new Side('side')
    const answer = side.sendAnswer(sample(`${name}/audio-video-sendrecv.offer`))
    t.notMatch(answer, /BUNDLE|ice-ufrag/)
    side.negotiation.dataWanted = true
    t.ok(side.negotiation.negotiationNeeded())
    const offer = side.sendOffer()
    t.same(linesOf(offer, 'a=mid'), ['a=mid:0', 'a=mid:1', 'a=mid:2'])
    t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 2'])
  }
  t.end()
})

t.test('every offer of a browser is answered', t => {
  const scenarios = [
    ...['audio-recvonly', 'audio-video-data', 'audio-video-sendrecv', 'data-only', 'ice-restart'],
    ...['media-stream-tracks', 'simulcast-send', 'stopped-mline', 'three-video-one-audio', 'vp9-av1-only'],
  ]
  for (const browser of browsers) {
    for (const scenario of scenarios) {
      for (const kind of ['offer', 'offer_trickle']) {
        const offer = sample(`${browser}/${scenario}.${kind}`)
        const answer = new Side('side').sendAnswer(offer)
        t.equal(linesOf(answer, 'm=').length, linesOf(offer, 'm=').length, `${browser} ${scenario} ${kind}`)
      }
    }
  }
  t.end()
})

t.test('answers of all stacks to our offer are taken', t => {
  const answers = [
    ...browsers.map(name => sample(`${name}/data-only.answer`)),
    ...['libdatachannel', 'werift'].map(name => sample(`peers/${name}.answer`)),
    pion.replace('actpass', 'active'),
  ]
  for (const answer of answers) {
    const side = new Side('side', { data: true })
    side.sendOffer()
    const applied = side.setRemote('answer', answer)
    t.equal(applied.signalingState, 'stable')
    const [media] = applied.media
    t.match(media, { rejected: false, dtlsRole: 'server', remote: { setup: 'active' } } satisfies Partial<
      Record<keyof AppliedMedia, unknown>
    >)
    t.equal(media!.remote!.candidates.length, linesOf(answer, 'a=candidate').length)
    t.equal(side.negotiation.canTrickle, /ice-options.*trickle/.test(answer))
    t.notOk(side.negotiation.negotiationNeeded())
  }
  t.end()
})

t.test('a second offer of werift, with the role it has, goes on as agreed', t => {
  const side = new Side('side')
  side.sendAnswer(sample('peers/werift.offer'))
  const answer = side.sendAnswer(sample('peers/werift.re-offer'))
  t.same(linesOf(answer, 'a=setup'), ['a=setup:active'])
  t.end()
})

t.test('a browser’s offer of a restart is one', t => {
  const side = new Side('side')
  const before = sample('chromium-156/data-only.offer')
  side.sendAnswer(before)
  const restart = before
    .replace(/a=ice-ufrag:.*/, 'a=ice-ufrag:new1')
    .replace(/a=ice-pwd:.*/, `a=ice-pwd:${'n'.repeat(24)}`)
  const [media] = side.setRemote('offer', restart).media
  t.equal(media!.remote?.usernameFragment, 'new1')
  t.equal(side.negotiation.remoteTransport('0')?.usernameFragment, 'new1', 'what a session compares')
  side.generation++
  t.match(side.answer(), /a=ice-ufrag:side0gen1/)
  t.end()
})

t.test('session-level attributes count for every m-section, and media-level ones before them', t => {
  const [a] = agreed()
  const offer = a.sendOffer()
  const moved = ['ice-ufrag', 'ice-pwd', 'fingerprint', 'setup'].map(name => linesOf(offer, `a=${name}`)[0]!)
  const session = moved
    .reduce((sdp, line) => sdp.replace(`${line}\r\n`, ''), offer)
    .replace('m=', `${moved.join('\r\n')}\r\nm=`)
  t.ok(session.indexOf('a=setup') < session.indexOf('m='))
  const side = new Side('side')
  const [media] = side.setRemote('offer', session).media
  t.match(media!.remote, { usernameFragment: 'offerer0gen0', fingerprints: a.fingerprints, setup: 'actpass' })
  const both = session.replace('a=mid', 'a=ice-ufrag:inner\r\na=mid').replace('a=mid', 'a=setup:passive\r\na=mid')
  t.match(side.setRemote('offer', both).media[0]!.remote, { usernameFragment: 'inner', setup: 'passive' })
  const ended = session.replace('a=ice-ufrag', 'a=end-of-candidates\r\na=ice-ufrag')
  t.equal(side.setRemote('offer', session).media[0]!.remote?.endOfCandidates, false)
  t.equal(side.setRemote('offer', ended).media[0]!.remote?.endOfCandidates, true)
  const lite = session.replace('a=ice-ufrag', 'a=ice-lite\r\na=ice-ufrag')
  t.equal(side.setRemote('offer', lite).media[0]!.remote?.iceLite, true)
  t.end()
})
