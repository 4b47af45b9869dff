import t from 'tap'
import { again, agreed, Side, sample } from './side.ts'

type Change = (sdp: string) => string
const without =
  (line: RegExp): Change =>
  sdp =>
    sdp.replace(new RegExp(`${line.source}\r\n`, 'g'), '')
const instead =
  (from: string | RegExp, to: string): Change =>
  sdp =>
    sdp.replace(from, to)

const data = sample('chromium-156/data-only.offer')
const all = sample('chromium-156/audio-video-data.offer')

t.test('text that is no description is refused with its line', t => {
  const cases: [change: Change, line: number][] = [
    [() => 'Invalid SDP', 1],
    [() => '', 1],
    [instead('s=-', 'x=-'), 3],
    [instead('a=mid:0', 'a=mid:'), 23],
    [instead('a=setup:actpass', 'a=setup:both'), 22],
    [instead('m=application 44634', 'm=application port'), 8],
    [sdp => `${sdp}b=AS:30\r\n`, 26],
  ]
  for (const [change, line] of cases) {
    const side = new Side('side')
    t.throws(
      () => side.setRemote('offer', change(data)),
      { code: 'sdp-syntax-error', sdpLineNumber: line },
      `line ${line}`,
    )
    t.equal(side.state, 'stable')
    t.equal(side.negotiation.pendingRemoteDescription, undefined)
  }
  t.end()
})

t.test('offers that contradict themselves or lack what WebRTC needs are refused', t => {
  const cases: [what: string, change: Change, offer?: string][] = [
    ['no ice-ufrag', without(/a=ice-ufrag.*/)],
    ['no ice-pwd', without(/a=ice-pwd.*/)],
    ['no fingerprint', without(/a=fingerprint.*/)],
    ['setup that makes no connection', instead('actpass', 'holdconn')],
    ['a mid twice', instead('a=mid:1', 'a=mid:0'), all],
    ['a group with an unknown mid', instead('BUNDLE 0 1 2', 'BUNDLE 0 1 2 3'), all],
    ['a group with a mid twice', instead('BUNDLE 0 1 2', 'BUNDLE 0 1 1'), all],
    ['a mid in two groups', instead('BUNDLE 0 1 2', 'BUNDLE 0 1\r\na=group:BUNDLE 1 2'), all],
    ['media without a fingerprint', instead(/a=fingerprint.*\r\n/, ''), all],
  ]
  for (const [what, change, offer] of cases) {
    const side = new Side('side')
    t.throws(() => side.setRemote('offer', change(offer ?? data)), { code: 'InvalidAccessError' }, what)
    t.equal(side.state, 'stable')
  }
  t.doesNotThrow(
    () => new Side('side').setRemote('offer', all.replace('BUNDLE 0 1 2', 'BUNDLE 0 1 2\r\na=group:LS 0 1')),
    'other groups',
  )
  t.end()
})

t.test('what is rejected needs no transport', t => {
  const rejected = data.replace('m=application 44634', 'm=application 0').replace(/a=(?:ice|fing|setup).*\r\n/g, '')
  t.match(new Side('side').setRemote('offer', rejected).media, [{ rejected: true }])
  const plain = all
    .replace('m=audio 34709 UDP/TLS/RTP/SAVPF', 'm=audio 34709 RTP/AVP')
    .replace(/a=fingerprint.*\r\n/, '')
  t.doesNotThrow(() => new Side('side').setRemote('offer', plain), 'audio that is no WebRTC is rejected later')
  t.end()
})

t.test('answers that do not answer the offer are refused', t => {
  const cases: [what: string, change: Change][] = [
    ['actpass', instead('setup:active', 'setup:actpass')],
    ['holdconn', instead('setup:active', 'setup:holdconn')],
    ['no ice-ufrag', without(/a=ice-ufrag.*/)],
    ['no fingerprint', without(/a=fingerprint.*/)],
    ['no m-section', sdp => sdp.slice(0, sdp.indexOf('m=')).replace(/a=group.*\r\n/, '')],
    ['one m-section more', sdp => sdp + sdp.slice(sdp.indexOf('m=')).replace('mid:0', 'mid:1')],
    ['another mid', sdp => sdp.replace('mid:0', 'mid:1').replace('BUNDLE 0', 'BUNDLE 1')],
    ['another medium', instead('m=application', 'm=audio')],
    ['another protocol', instead('UDP/DTLS/SCTP', 'UDP/TLS/RTP/SAVPF')],
  ]
  for (const [what, change] of cases) {
    const side = new Side('side', { data: true })
    const answer = new Side('peer').sendAnswer(side.sendOffer())
    for (const type of ['answer', 'pranswer'] as const) {
      t.throws(() => side.setRemote(type, change(answer)), { code: 'InvalidAccessError' }, `${type}: ${what}`)
      t.equal(side.state, 'have-local-offer')
    }
    t.equal(side.setRemote('answer', answer).signalingState, 'stable', 'a right one may follow')
  }
  t.end()
})

t.test('the default candidate may change the protocol of an answer within SCTP', t => {
  const side = new Side('side', { data: true })
  const answer = new Side('peer').sendAnswer(side.sendOffer()).replace('UDP/DTLS', 'TCP/DTLS')
  t.match(side.setRemote('answer', answer).media, [{ rejected: false }])
  t.end()
})

t.test('an answer that accepts what was not offered has rejected it, as pion and libdatachannel mean it', t => {
  const side = new Side('side')
  side.sendAnswer(sample('chromium-156/audio-recvonly.offer'))
  side.negotiation.dataWanted = true
  const answer = new Side('peer').sendAnswer(side.sendOffer())
  const audio = answer.replace('m=audio 0', 'm=audio 9').replace('a=inactive', 'a=inactive\r\na=ice-ufrag:abcd')
  const transport = `a=ice-pwd:${'x'.repeat(24)}\r\na=fingerprint:sha-256 AA:BB\r\na=setup:active\r\na=inactive`
  const { media } = side.setRemote('answer', audio.replace('a=inactive', transport))
  t.same(
    media.map(({ rejected }) => rejected),
    [true, false],
  )
  t.end()
})

t.test('a later offer may not drop, move or change what stands', t => {
  const [a, b] = agreed()
  const offer = b.sendOffer()
  const audio = sample('chromium-156/audio-recvonly.offer')
  const cases: [what: string, sdp: string][] = [
    ['gone', offer.slice(0, offer.indexOf('m=')).replace(/a=group.*\r\n/, '')],
    ['renamed', offer.replace('mid:0', 'mid:5').replace('BUNDLE 0', 'BUNDLE 5')],
    ['another medium', audio],
  ]
  for (const [what, sdp] of cases) {
    t.throws(() => a.setRemote('offer', sdp), { code: 'InvalidAccessError' }, what)
    t.equal(a.state, 'stable')
  }
  a.setRemote('offer', offer)
  t.throws(() => a.setRemote('offer', cases[1]![1]), { code: 'InvalidAccessError' }, 'as if it had been answered')
  t.end()
})

t.test('an answer restarts ICE when the offer does, and only then', t => {
  const [a, b] = agreed()
  const quiet = b.sendAnswer(a.sendOffer())
  const loud = quiet.replace(/a=ice-ufrag.*/, 'a=ice-ufrag:other')
  t.throws(() => a.setRemote('answer', loud), { code: 'InvalidAccessError', message: /which the offer did not/ })
  a.setRemote('answer', quiet)
  const deaf = b.sendAnswer(a.sendOffer({ iceRestart: true }))
  t.throws(() => a.setRemote('answer', deaf), { code: 'InvalidAccessError', message: /which the answer does not/ })
  t.equal(a.state, 'have-local-offer')
  const fresh = deaf.replace(/a=ice-ufrag.*/, 'a=ice-ufrag:other').replace(/a=ice-pwd.*/, `a=ice-pwd:${'o'.repeat(22)}`)
  t.equal(a.setRemote('answer', fresh).media[0]!.remote?.usernameFragment, 'other')
  t.end()
})

t.test('the certificate of a standing association does not change', t => {
  const [a, b] = agreed()
  const other = `sha-256 ${Array(32).fill('EE').join(':')}`
  const change = (sdp: string) => sdp.replace(/sha-256 .*/, other)
  const offer = b.sendOffer()
  t.throws(() => a.setRemote('offer', change(offer)), { code: 'OperationError' })
  t.equal(a.state, 'stable')
  b.setLocal('rollback')
  const answer = b.sendAnswer(a.sendOffer())
  t.throws(() => a.setRemote('answer', change(answer)), { code: 'OperationError' })
  const more = answer.replace('a=setup', `a=fingerprint:${other}\r\na=setup`)
  t.match(a.setRemote('answer', more).media, [{ rejected: false }], 'another digest beside it is no other certificate')
  t.equal(again(b, a)[0].signalingState, 'stable')
  t.end()
})

t.test('the final answer keeps the certificate of the provisional one, which has begun the association', t => {
  const other = `sha-256 ${Array(32).fill('EE').join(':')}`
  for (const type of ['answer', 'pranswer'] as const) {
    const side = new Side('side', { data: true })
    const answer = new Side('peer').sendAnswer(side.sendOffer())
    side.setRemote('pranswer', answer)
    const changed = answer.replace(/sha-256 .*/, other)
    t.throws(() => side.setRemote(type, changed), { code: 'OperationError' }, type)
    t.equal(side.state, 'have-remote-pranswer')
    t.equal(side.negotiation.pendingRemoteDescription?.sdp, answer)
    const forked = answer
      .replace(/a=ice-ufrag.*/, 'a=ice-ufrag:fork')
      .replace(/a=ice-pwd.*/, `a=ice-pwd:${'f'.repeat(22)}`)
    t.match(
      side.setRemote('answer', forked).media,
      [{ remote: { usernameFragment: 'fork' } }],
      'another path to it may',
    )
  }
  t.end()
})
