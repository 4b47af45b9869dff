import t from 'tap'
import { Negotiation } from '../../lib/jsep/index.ts'
import { parseSdp } from '../../lib/sdp/index.ts'
import { seededCrypto } from '../providers.ts'
import { again, agreed, linesOf, Side, sample } from './side.ts'

const candidate = (n: number, rest = '') => `candidate:${n} 1 udp ${n} 192.0.2.${n} 500${n} typ host${rest}`
const remote = (
  text: string,
  more: Partial<{ sdpMid: string; sdpMLineIndex: number; usernameFragment: string }> = {},
) => ({
  candidate: text,
  sdpMid: null,
  sdpMLineIndex: null,
  usernameFragment: null,
  ...more,
})

t.test('candidates of ours show in the local descriptions, with the address of the default one', t => {
  const side = new Side('side', { data: true })
  const offer = side.sendOffer()
  const { negotiation: n } = side
  n.addLocalCandidate('0', 'candidate:1 1 udp 2122 fd00::2 5001 typ host')
  t.match(n.pendingLocalDescription!.sdp, 'm=application 5001 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP6 fd00::2\r\n')
  n.addLocalCandidate('0', `a=${candidate(2)}`)
  n.addLocalCandidate('0', candidate(3))
  n.addLocalCandidate('0', candidate(3))
  n.addLocalCandidate('0', 'candidate:4 1 tcp 2122 192.0.2.4 9 typ host tcptype active')
  n.addLocalCandidate('0', 'candidate:5 1 udp 2122 f00.local 5005 typ host')
  const { sdp } = n.pendingLocalDescription!
  t.match(sdp, 'm=application 5002 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 192.0.2.2\r\n')
  t.equal(linesOf(sdp, 'a=candidate').length, 5)
  t.notMatch(sdp, 'end-of-candidates')
  n.addLocalCandidate('0', 'candidate:6 1 udp 10 203.0.113.6 5006 typ srflx raddr 192.0.2.2 rport 5002')
  n.endOfLocalCandidates('0')
  const ended = n.pendingLocalDescription!
  t.match(ended.sdp, /m=application 5006 .*\r\nc=IN IP4 203\.0\.113\.6\r\n/)
  t.match(ended.sdp, /typ srflx.*\r\na=end-of-candidates\r\n$/)
  t.equal(parseSdp(ended.sdp).origin.sessionVersion, parseSdp(offer).origin.sessionVersion)
  t.equal(n.pendingLocalDescription, ended, 'and is the same object while nothing changes')
  t.equal(n.lastCreatedOffer, offer)
  n.addLocalCandidate('nowhere', candidate(1))
  n.endOfLocalCandidates('nowhere')
  t.equal(n.pendingLocalDescription, ended)
  t.end()
})

t.test('what was gathered before goes into the next description, what comes later into both', t => {
  const [a, b] = agreed()
  a.negotiation.addLocalCandidate('0', candidate(1))
  a.candidates = [candidate(1)]
  const offer = a.sendOffer()
  t.same(linesOf(offer, 'a=candidate'), [`a=${candidate(1)}`])
  t.match(offer, 'm=application 5001 UDP')
  a.negotiation.addLocalCandidate('0', candidate(2))
  for (const description of [a.negotiation.currentLocalDescription, a.negotiation.pendingLocalDescription]) {
    t.same(
      linesOf(description!.sdp, 'a=candidate'),
      [1, 2].map(n => `a=${candidate(n)}`),
    )
  }
  a.setRemote('answer', b.sendAnswer(offer))
  t.equal(linesOf(a.negotiation.currentLocalDescription!.sdp, 'a=candidate').length, 2)
  a.ended = true
  t.match(a.offer(), 'a=end-of-candidates')
  t.end()
})

t.test('after a restart candidates show where their generation is', t => {
  const [a, b] = agreed()
  const { negotiation: n } = a
  n.addLocalCandidate('0', candidate(1))
  a.sendOffer({ iceRestart: true })
  n.addLocalCandidate('0', candidate(2))
  n.addLocalCandidate('0', candidate(3, ' ufrag offerer0gen0'))
  n.addLocalCandidate('0', candidate(4, ' ufrag offerer0gen1'))
  n.endOfLocalCandidates('0')
  t.same(linesOf(n.currentLocalDescription!.sdp, 'a=candidate').length, 2)
  t.same(linesOf(n.pendingLocalDescription!.sdp, 'a=candidate').length, 2)
  t.match(n.pendingLocalDescription!.sdp, 'end-of-candidates')
  t.notMatch(n.currentLocalDescription!.sdp, 'end-of-candidates')
  n.setLocal('rollback', '')
  t.same(linesOf(n.currentLocalDescription!.sdp, 'a=candidate').length, 2)
  again(a, b, { iceRestart: true })
  t.same(linesOf(n.currentLocalDescription!.sdp, 'a=candidate'), [])
  t.end()
})

t.test('candidates of the peer are placed by mid, or else by index', t => {
  const side = new Side('side')
  const { negotiation: n } = side
  t.throws(() => n.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' })), { code: 'InvalidStateError' })
  side.setRemote('offer', sample('chromium-156/audio-video-data.offer_trickle'))
  // Its group's, whose credentials it shows.
  const place = { mid: '2', transportMid: '0', transportMids: ['0'] }
  t.same(n.addRemoteCandidate(remote(candidate(1), { sdpMid: '2', sdpMLineIndex: 0 })), place)
  t.same(n.addRemoteCandidate(remote(candidate(2), { sdpMLineIndex: 2 })), place)
  t.same(n.addRemoteCandidate(remote(candidate(2), { sdpMid: '', sdpMLineIndex: 2 })), place, 'no mid is empty')
  t.same(n.addRemoteCandidate(remote(candidate(1), { sdpMLineIndex: 0 })).mid, '0')
  const error = { code: 'OperationError' }
  t.throws(() => n.addRemoteCandidate(remote(candidate(1), { sdpMid: 'x', sdpMLineIndex: 2 })), error)
  t.throws(() => n.addRemoteCandidate(remote(candidate(1), { sdpMLineIndex: 3 })), error)
  t.throws(() => n.addRemoteCandidate(remote(candidate(1))), error)
  t.throws(() => n.addRemoteCandidate(remote(candidate(1), { sdpMid: '' })), error)
  for (const text of [
    'candidate:',
    ' ',
    'candidate:1\r\na=ice-lite',
    `candidate:${'x'.repeat(2000)}`,
    'a=candidate:\n',
  ]) {
    t.throws(() => n.addRemoteCandidate(remote(text, { sdpMid: '2' })), error, JSON.stringify(text.slice(0, 30)))
  }
  const section = n.pendingRemoteDescription!.sdp.slice(n.pendingRemoteDescription!.sdp.indexOf('m=application'))
  t.same(
    linesOf(section, 'a=candidate'),
    [1, 2].map(each => `a=${candidate(each)}`),
  )
  t.match(section, 'm=application 9 UDP', 'the rest stays as the peer wrote it')
  t.end()
})

t.test('candidates that came before the answer are told with it', t => {
  const side = new Side('side')
  const { negotiation: n } = side
  side.setRemote('offer', sample('chromium-156/data-only.offer'))
  n.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' }))
  n.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' }))
  n.addRemoteCandidate(remote('', { sdpMid: '0' }))
  const [media] = side.setLocal('answer', side.answer()).media
  t.equal(media!.remote?.candidates.length, 9)
  t.equal(media!.remote?.candidates.at(-1), candidate(1))
  t.equal(media!.remote?.endOfCandidates, true)
  t.match(n.currentRemoteDescription!.sdp, /a=end-of-candidates\r\n$/)
  t.end()
})

t.test('what trickles in joins what the description had', t => {
  const side = new Side('side')
  side.setRemote('offer', sample('firefox-esr-153/data-only.offer'))
  side.negotiation.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' }))
  const { sdp } = side.negotiation.pendingRemoteDescription!
  t.equal(linesOf(sdp, 'a=candidate').length, 5)
  t.equal(linesOf(sdp, 'a=end-of-candidates').length, 1)
  t.match(sdp, new RegExp(`a=${candidate(1)}\\r\\na=end-of-candidates\\r\\n$`))
  t.end()
})

t.test('a candidate belongs to a generation that a description has', t => {
  const [a, b] = agreed()
  const { negotiation: n } = b
  const counts = () =>
    [n.currentRemoteDescription, n.pendingRemoteDescription].map(each => linesOf(each?.sdp, 'a=candidate').length)
  n.addRemoteCandidate(remote(candidate(1), { sdpMid: '0', usernameFragment: 'offerer0gen0' }))
  t.same(counts(), [1, 0])
  b.setRemote('offer', a.sendOffer({ iceRestart: true }))
  n.addRemoteCandidate(remote(candidate(2), { sdpMid: '0', usernameFragment: 'offerer0gen0' }))
  t.same(counts(), [2, 0], 'the one in force')
  n.addRemoteCandidate(remote(candidate(3), { sdpMid: '0', usernameFragment: 'offerer0gen1' }))
  t.same(counts(), [2, 1], 'the one to come')
  n.addRemoteCandidate(remote(candidate(4), { sdpMid: '0' }))
  t.same(counts(), [2, 2], 'the newest, if nothing is said')
  n.addRemoteCandidate(remote(candidate(5, ' generation 0 ufrag offerer0gen0'), { sdpMid: '0' }))
  t.same(counts(), [3, 2], 'the one that it names')
  n.addRemoteCandidate(remote(candidate(6, ' ufrag long0gone'), { sdpMid: '0' }))
  t.same(counts(), [3, 2], 'a late one is left out')
  t.throws(() => n.addRemoteCandidate(remote(candidate(7), { sdpMid: '0', usernameFragment: 'none' })), {
    code: 'OperationError',
  })
  b.generation++
  const [media] = b.setLocal('answer', b.answer()).media
  t.same(media!.remote?.candidates, [candidate(3), candidate(4)])
  t.same(counts(), [2, 0])
  t.throws(() => n.addRemoteCandidate(remote(candidate(8), { sdpMid: '0', usernameFragment: 'offerer0gen0' })), {
    code: 'OperationError',
  })
  t.end()
})

t.test('a restart that is rolled back takes its candidates with it', t => {
  const [a, b] = agreed()
  b.setRemote('offer', a.sendOffer({ iceRestart: true }))
  b.negotiation.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' }))
  b.setRemote('rollback')
  b.setRemote('offer', a.negotiation.pendingLocalDescription!.sdp)
  t.same(linesOf(b.negotiation.pendingRemoteDescription!.sdp, 'a=candidate'), [])
  t.end()
})

t.test('the end of candidates without a place is that of every m-section', t => {
  const side = new Side('side')
  side.setRemote('offer', sample('chromium-156/audio-video-data.offer'))
  const place = side.negotiation.addRemoteCandidate(remote(''))
  t.same(place, { mid: '0', transportMid: '0', transportMids: ['0'] })
  t.equal(linesOf(side.negotiation.pendingRemoteDescription!.sdp, 'a=end-of-candidates').length, 3)
  const empty = new Side('empty')
  empty.setRemote('offer', new Side('none').offer())
  t.same(empty.negotiation.addRemoteCandidate(remote('')), { mid: '', transportMid: '', transportMids: [] })
  t.end()
})

t.test('candidates for what is rejected go nowhere', t => {
  const side = new Side('side')
  const offer = sample('chromium-156/data-only.offer_trickle').replace('m=application 9', 'm=application 0')
  side.setRemote('offer', offer)
  t.equal(side.negotiation.addRemoteCandidate(remote(candidate(1), { sdpMid: '0' })).mid, '0')
  t.equal(side.negotiation.pendingRemoteDescription!.sdp, offer)
  t.end()
})

t.test('what a peer can pile up is bounded', t => {
  const side = new Side('side')
  side.setRemote('offer', sample('chromium-156/data-only.offer_trickle'))
  for (let port = 1; port <= 1000; port++) {
    side.negotiation.addRemoteCandidate(remote(`candidate:1 1 udp 1 192.0.2.1 ${port} typ host`, { sdpMid: '0' }))
  }
  t.equal(linesOf(side.negotiation.pendingRemoteDescription!.sdp, 'a=candidate').length, 256)
  t.end()
})

t.test('a negotiation needs nothing but randomness and a size', t => {
  const negotiation = new Negotiation({ random: seededCrypto(1).random, maxMessageSize: 0 })
  t.equal(negotiation.signalingState, 'stable')
  t.equal(negotiation.remoteTransport('0'), undefined)
  negotiation.setRemote(
    'offer',
    sample('chromium-156/stopped-mline.answer').replaceAll('setup:active', 'setup:actpass'),
  )
  t.equal(negotiation.remoteTransport('2'), undefined)
  t.equal(negotiation.remoteTransport('0'), undefined, 'of what is rejected')
  t.equal(negotiation.remoteTransport('1')?.usernameFragment, 'Weun')
  t.end()
})
