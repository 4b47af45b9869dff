import t from 'tap'
import { parseSdp } from '../../lib/sdp/index.ts'
import { again, agreed, linesOf, Side } from './side.ts'

t.test('an offer of data has the lines that browsers write, and no others', t => {
  const side = new Side('off', { data: true })
  const sdp = side.offer()
  const { origin } = parseSdp(sdp)
  t.equal(
    sdp,
    [
      'v=0',
      `o=- ${origin.sessionId} 1 IN IP4 0.0.0.0`,
      's=-',
      't=0 0',
      'a=group:BUNDLE 0',
      'a=ice-options:trickle ice2 renomination',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      'a=ice-ufrag:off0gen0',
      'a=ice-pwd:aVeryLongIcePasswordForTests',
      `a=fingerprint:sha-256 ${side.fingerprints[0]!.value}`,
      'a=setup:actpass',
      'a=mid:0',
      'a=sctp-port:5000',
      'a=max-message-size:262144',
      '',
    ].join('\r\n'),
  )
  t.end()
})

t.test('without a channel there is nothing to offer, and that can be agreed on', t => {
  const [a, b] = [new Side('a'), new Side('b')]
  const offer = a.sendOffer()
  t.notMatch(offer, /m=|BUNDLE/)
  const answer = b.sendAnswer(offer)
  t.match(a.setRemote('answer', answer), { signalingState: 'stable', media: [], rolledBack: false })
  a.negotiation.dataWanted = true
  t.ok(a.negotiation.negotiationNeeded())
  const [applied] = again(a, b)
  t.match(applied.media, [{ mid: '0', rejected: false }])
  t.notOk(a.negotiation.negotiationNeeded())
  t.end()
})

t.test('both sides are told of the same transport, from their ends', t => {
  const [a, b] = [new Side('aaa', { data: true, maxMessageSize: 1000 }), new Side('bbb')]
  const applied = a.setLocal('offer', a.offer())
  t.equal(applied.signalingState, 'have-local-offer')
  t.match(applied.media, [{ mid: '0', index: 0, kind: 'application', rejected: false, transportMid: '0' }])
  const [offered] = applied.media
  t.equal(offered!.local?.usernameFragment, 'aaa0gen0')
  t.same([offered!.remote, offered!.dtlsRole, offered!.sctp], [undefined, undefined, undefined])

  const waiting = b.setRemote('offer', a.negotiation.pendingLocalDescription!.sdp).media[0]!
  t.equal(waiting.remote?.usernameFragment, 'aaa0gen0')
  t.same([waiting.local, waiting.dtlsRole], [undefined, undefined])
  const answer = b.answer()
  const there = b.setLocal('answer', answer).media[0]!
  const here = a.setRemote('answer', answer).media[0]!
  t.same(here.remote, { ...there.local, candidates: [] })
  t.same(here.local, there.remote)
  t.same([here.dtlsRole, there.dtlsRole], ['server', 'client'])
  t.same(here.sctp, { localPort: 5000, remotePort: 5000, localMaxMessageSize: 1000, remoteMaxMessageSize: 262144 })
  t.equal(there.sctp?.remoteMaxMessageSize, 1000)
  t.same(here.remote, {
    usernameFragment: 'bbb0gen0',
    password: 'aVeryLongIcePasswordForTests',
    iceLite: false,
    iceOptions: ['trickle', 'ice2', 'renomination'],
    fingerprints: b.fingerprints,
    setup: 'active',
    candidates: [],
    endOfCandidates: false,
  })
  t.end()
})

t.test('the SCTP association is as the peer says, or as the defaults are', t => {
  const offer = new Side('a', { data: true }).offer()
  const cases = [
    [offer, 5000, 262_144],
    [offer.replace('sctp-port:5000', 'sctp-port:6000'), 6000, 262_144],
    [offer.replace('a=sctp-port:5000\r\n', ''), 5000, 262_144],
    [offer.replace('a=max-message-size:262144\r\n', ''), 5000, 65_536],
    [offer.replace('262144', '0'), 5000, 0],
  ] as const
  for (const [sdp, remotePort, remoteMaxMessageSize] of cases) {
    const b = new Side('b', { maxMessageSize: 0 })
    b.setRemote('offer', sdp)
    const [media] = b.setLocal('answer', b.answer()).media
    t.same(media!.sctp, { localPort: 5000, remotePort, localMaxMessageSize: 0, remoteMaxMessageSize })
  }
  t.end()
})

t.test('the session id is a positive 63-bit number that stays', t => {
  const ids = [...'abcdefgh'].map(name => {
    const side = new Side(name, { data: true })
    const id = parseSdp(side.offer()).origin.sessionId
    side.sendOffer()
    side.setLocal('rollback')
    side.setRemote('offer', new Side('peer', { data: true }).offer())
    t.equal(parseSdp(side.answer()).origin.sessionId, id, 'of offers and answers')
    return id
  })
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.ok(BigInt(id) < 2n ** 63n)
  t.ok(ids.some(id => BigInt(id) > 2n ** 53n))
  t.end()
})

t.test('the session version goes up when a description differs from the one made before', t => {
  const [a, b] = [new Side('a', { data: true }), new Side('b')]
  const version = (sdp: string) => Number(parseSdp(sdp).origin.sessionVersion)
  t.equal(version(a.offer()), 1)
  t.equal(version(a.offer()), 1, 'the same again')
  a.candidates = ['candidate:1 1 udp 1 192.0.2.1 5000 typ host']
  t.equal(version(a.offer()), 2, 'a candidate more')
  a.sendOffer()
  a.setLocal('rollback')
  t.equal(version(a.offer()), 2)
  t.equal(version(a.offer({ iceRestart: true })), 3)
  a.setRemote('answer', b.sendAnswer(a.sendOffer()))
  const standing = version(a.negotiation.currentLocalDescription!.sdp)
  t.equal(version(a.offer()), standing)
  b.setRemote('offer', a.offer())
  t.equal(version(b.answer()), version(b.negotiation.currentLocalDescription!.sdp), 'an answer that changes nothing')
  t.end()
})

t.test('an answer takes the role that the offer leaves', t => {
  const cases = [
    ['a=setup:actpass', 'active', 'client'],
    ['a=setup:active', 'passive', 'server'],
    ['a=setup:passive', 'active', 'client'],
    ['a=x', 'passive', 'server'], // RFC 4145: an offer that does not say is active
  ] as const
  for (const [offered, answered, role] of cases) {
    const offer = new Side('a', { data: true }).offer().replace('a=setup:actpass', offered)
    const b = new Side('b')
    b.setRemote('offer', offer)
    const sdp = b.answer()
    t.same(linesOf(sdp, 'a=setup'), [`a=setup:${answered}`], offered)
    t.equal(b.setLocal('answer', sdp).media[0]!.dtlsRole, role)
  }
  const answers = [
    ['a=setup:active', 'server'],
    ['a=setup:passive', 'client'],
    ['a=x', 'client'], // RFC 4145: an answer that does not say is passive
  ] as const
  for (const [answered, role] of answers) {
    const a = new Side('a', { data: true })
    const answer = new Side('b').sendAnswer(a.sendOffer()).replace('a=setup:active', answered)
    t.equal(a.setRemote('answer', answer).media[0]!.dtlsRole, role, answered)
  }
  t.end()
})

t.test('the DTLS role stands through re-offers, whoever makes them and whatever they say', t => {
  const [a, b] = agreed()
  const roles = (applied: ReturnType<typeof again>) => applied.map(({ media }) => media[0]!.dtlsRole)
  t.same(roles(again(a, b)), ['server', 'client'])
  t.same(linesOf(a.negotiation.currentLocalDescription?.sdp, 'a=setup'), ['a=setup:actpass'], 'we offer actpass')
  t.same(roles(again(b, a)), ['client', 'server'])
  t.same(linesOf(a.negotiation.currentLocalDescription?.sdp, 'a=setup'), ['a=setup:passive'], 'and keep our role')
  t.same(roles(again(a, b, { iceRestart: true })), ['server', 'client'], 'a restart of ICE is none of DTLS')

  // pion answers active to every offer, also where it is the server
  b.setRemote('answer', a.sendAnswer(b.sendOffer()).replace('setup:passive', 'setup:active'))
  t.same(roles(again(b, a)), ['client', 'server'])
  // werift offers the role it has, or once had
  for (const setup of ['active', 'passive']) {
    const answer = a.sendAnswer(b.sendOffer().replace('actpass', setup))
    t.same(linesOf(answer, 'a=setup'), ['a=setup:passive'])
    b.setRemote('answer', answer)
  }
  t.end()
})

t.test('a context that knows the role of its transport has the last word on it', t => {
  const b = new Side('b')
  b.setRemote('offer', new Side('a', { data: true }).offer())
  const { context } = b
  const sdp = b.negotiation.createAnswer({
    ...context,
    transport: mid => ({ ...context.transport(mid, false), dtlsRole: 'server' }),
  })
  t.same(linesOf(sdp, 'a=setup'), ['a=setup:passive'])
  t.end()
})

t.test('a lite implementation says so at the level of the session', t => {
  const lite = new Side('a', { data: true, iceLite: true })
  const offer = lite.offer()
  t.match(offer.slice(0, offer.indexOf('m=')), /^a=ice-lite\r$/m)
  t.same(linesOf(new Side('b', { data: true }).offer(), 'a=ice-lite'), [])
  t.end()
})

t.test('an answer names the ICE options that were offered, and no others', t => {
  for (const [offered, answered] of [
    ['trickle ice2', ['a=ice-options:trickle ice2']],
    ['ice2,trickle', ['a=ice-options:trickle ice2']],
    ['trickle', ['a=ice-options:trickle']],
    ['renomination trickle', ['a=ice-options:trickle renomination']],
    ['rtp+ecn', []],
  ] as const) {
    const offer = new Side('a', { data: true }).offer().replace('trickle ice2 renomination', offered)
    const b = new Side('b')
    t.same(linesOf(b.sendAnswer(offer), 'a=ice-options'), answered, offered)
    t.equal(b.negotiation.canTrickle, offered.includes('trickle'))
  }
  t.equal(new Side('b').negotiation.canTrickle, null)
  t.end()
})
