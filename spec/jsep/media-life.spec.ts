/** What becomes of transceivers (RFC 9429, 5.9 to 5.11): found by offers, rolled back, stopped, their m-sections used again. */

import t from 'tap'
import { DEFAULT_CAPABILITIES, type Negotiation } from '../../lib/jsep/index.ts'
import { attribute, parseSdp } from '../../lib/sdp/index.ts'
import { again, linesOf, Side, sample } from './side.ts'

const media = (name: string, options: { data?: boolean } = {}) =>
  new Side(name, { ...options, capabilities: DEFAULT_CAPABILITIES })

/** The peer's m-sections are taken both ways. */
const takeAll = ({ transceivers }: Negotiation): void => {
  for (const transceiver of transceivers) if (!transceiver.stopping) transceiver.direction = 'sendrecv'
}

/** Two sides with audio and video both ways. */
const agreed = (): [Side, Side] => {
  const [a, b] = [media('a'), media('b')]
  for (const kind of ['audio', 'video'] as const)
    a.negotiation.addTransceiver({ kind, trackId: kind, streamIds: ['s'] })
  b.setRemote('offer', a.sendOffer())
  takeAll(b.negotiation)
  const answer = b.answer()
  b.setLocal('answer', answer)
  a.setRemote('answer', answer)
  return [a, b]
}

const ports = (sdp: string) => linesOf(sdp, 'm=').map(line => line.split(' ')[1])
const mids = (sdp: string) => linesOf(sdp, 'a=mid').map(line => line.slice(6))

t.test('an offer takes what addTrack has made, and makes what is missing', t => {
  const side = media('side')
  const byTrack = side.negotiation.addTransceiver({ kind: 'video', trackId: 'v', addedByTrack: true })
  const byHand = side.negotiation.addTransceiver({ kind: 'audio' })
  const applied = side.setRemote('offer', sample('chromium-156/audio-video-sendrecv.offer'))
  t.equal(byTrack.mid, '1')
  t.equal(byHand.mid, undefined, 'addTransceiver’s own m-section comes with an offer of ours')
  t.equal(applied.transceivers.created.length, 1)
  const [audio] = applied.transceivers.created
  t.match(audio, { kind: 'audio', mid: '0', direction: 'recvonly' })
  t.equal(audio!.remote.receives, true)
  t.ok(audio!.remote.trackId)
  t.match(applied.media, [{ transceiver: audio }, { transceiver: byTrack }])
  side.setLocal('answer', side.answer())
  t.equal(byTrack.currentDirection, 'sendrecv')
  t.equal(audio!.currentDirection, 'recvonly')
  t.ok(side.negotiation.negotiationNeeded(), 'for the one that no m-section has')
  t.match(mids(side.offer()), ['0', '1', '2'])
  t.end()
})

t.test('a rollback undoes what an offer has made and associated', t => {
  const side = media('side')
  const byTrack = side.negotiation.addTransceiver({ kind: 'video', trackId: 'v', addedByTrack: true })
  side.setRemote('offer', sample('chromium-156/audio-video-sendrecv.offer'))
  t.equal(side.negotiation.transceivers.length, 2)
  const applied = side.setRemote('rollback')
  t.same(
    applied.transceivers.removed.map(({ kind }) => kind),
    ['audio'],
  )
  t.same(side.negotiation.transceivers, [byTrack])
  t.same([byTrack.mid, byTrack.remote.receives], [undefined, false])

  const offer = side.sendOffer()
  t.equal(byTrack.mid, '0')
  side.setLocal('rollback')
  t.equal(byTrack.mid, undefined)
  t.equal(side.sendOffer(), offer, 'it may be offered again')
  t.end()
})

t.test('glare: the one that gives way goes on with its own transceivers', t => {
  const [a, b] = [media('a'), media('b')]
  for (const side of [a, b]) side.negotiation.addTransceiver({ kind: 'audio', trackId: 't', addedByTrack: true })
  a.sendOffer()
  const offer = b.sendOffer()
  a.setLocal('rollback')
  const answer = a.sendAnswer(offer)
  b.setRemote('answer', answer)
  for (const { negotiation } of [a, b]) {
    t.same(
      negotiation.transceivers.map(({ mid, currentDirection }) => [mid, currentDirection]),
      [['0', 'sendrecv']],
    )
    t.notOk(negotiation.negotiationNeeded())
  }
  t.end()
})

t.test('what is bundled has one transport, named by its first m-section', t => {
  const [a, b] = agreed()
  for (const side of [a, b]) {
    side.negotiation.dataWanted = true
    const offer = side.offer()
    t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 0 1 2'])
    t.equal(new Set(linesOf(offer, 'a=ice-ufrag')).size, 1, 'later ones share it from the beginning')
  }
  const [there, here] = again(b, a)
  for (const applied of [there, here]) t.ok(applied.media.every(({ transportMid }) => transportMid === '0'))
  t.end()
})

t.test('bundle policies say which m-sections of a first offer have transports', t => {
  const cases = {
    balanced: ['9', '9', '0', '9'],
    'max-compat': ['9', '9', '9', '9'],
    'max-bundle': ['9', '0', '0', '0'],
  }
  for (const [policy, expected] of Object.entries(cases)) {
    const side = new Side('side', {
      data: true,
      capabilities: DEFAULT_CAPABILITIES,
      bundlePolicy: policy as keyof typeof cases,
    })
    for (const kind of ['audio', 'video', 'video'] as const) side.negotiation.addTransceiver({ kind })
    const offer = side.sendOffer()
    t.same(ports(offer), expected, policy)
    t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 0 1 2 3'])
    t.equal(linesOf(offer, 'a=bundle-only').length, expected.filter(port => port === '0').length)
    const peer = media('peer')
    const answer = peer.sendAnswer(offer)
    t.same(new Set(ports(answer)), new Set(['9']), 'all of it is taken')
    t.ok(side.setRemote('answer', answer).media.every(({ transportMid }) => transportMid === '0'))
  }
  t.end()
})

t.test('what is stopped is rejected, and its place used again under another mid', t => {
  const [a, b] = agreed()
  const [, video] = a.negotiation.transceivers
  video!.stopping = true
  t.ok(a.negotiation.negotiationNeeded())
  const offer = a.sendOffer()
  t.same(ports(offer), ['9', '0'])
  t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 0'])
  const there = b.setRemote('offer', offer)
  t.equal(there.transceivers.stopped.length, 1, 'at once')
  t.equal(b.negotiation.transceivers.length, 2, 'but it is there until the answer')
  const answer = b.answer()
  t.same(b.setLocal('answer', answer).transceivers.stopped, [])
  const here = a.setRemote('answer', answer)
  t.same(here.transceivers.stopped, [video])
  for (const { negotiation } of [a, b]) t.equal(negotiation.transceivers.length, 1)
  t.ok(video!.stopped)
  t.notOk(a.negotiation.negotiationNeeded())

  const next = a.negotiation.addTransceiver({ kind: 'video' })
  const recycled = a.sendOffer()
  t.same(ports(recycled), ['9', '9'])
  t.same(mids(recycled), ['0', '2'])
  b.setRemote('offer', recycled)
  takeAll(b.negotiation)
  const again = b.answer()
  b.setLocal('answer', again)
  a.setRemote('answer', again)
  t.match(next, { mid: '2', mLineIndex: 1, currentDirection: 'sendrecv' })
  t.end()
})

t.test('a first m-section that is rejected hands its transport on', t => {
  const [a, b] = agreed()
  for (const side of [a, b]) {
    side.candidates = [`candidate:1 1 udp 1 192.0.2.1 400${side.name.length} typ host`]
    side.ended = true
  }
  again(a, b)
  a.negotiation.transceivers[0]!.stopping = true
  const offer = a.sendOffer()
  t.same(linesOf(offer, 'a=group'), ['a=group:BUNDLE 1'])
  const answer = b.sendAnswer(offer)
  const applied = a.setRemote('answer', answer)
  t.match(applied.media, [{ rejected: true }, { rejected: false, transportMid: '0' }])
  t.end()
})

t.test('another direction, or another stream, is to be negotiated', t => {
  const [a, b] = agreed()
  const [audio] = a.negotiation.transceivers
  t.notOk(a.negotiation.negotiationNeeded())
  audio!.direction = 'recvonly'
  t.ok(a.negotiation.negotiationNeeded())
  audio!.direction = 'sendrecv'
  t.notOk(a.negotiation.negotiationNeeded())
  audio!.streamIds = ['other']
  t.ok(a.negotiation.negotiationNeeded())
  again(a, b)
  t.notOk(a.negotiation.negotiationNeeded())
  t.same(b.negotiation.transceivers[0]!.remote.streamIds, ['other'])
  audio!.direction = 'inactive'
  again(a, b)
  t.ok(b.negotiation.negotiationNeeded(), 'it would send, and has not said of what stream')
  b.negotiation.transceivers[0]!.direction = 'recvonly'
  t.notOk(b.negotiation.negotiationNeeded(), 'no more was offered')
  t.end()
})

t.test('streams and tracks are read in every form in which they are said', t => {
  const offer = sample('chromium-156/audio-recvonly.offer').replace('a=recvonly', 'a=sendrecv')
  const cases: [lines: string, streamIds: string[], trackId: string | undefined][] = [
    ['a=msid:stream track', ['stream'], 'track'],
    ['a=msid:one track\r\na=msid:two track', ['one', 'two'], 'track'],
    ['a=msid:- track', [], 'track'],
    ['a=ssrc:5 cname:c\r\na=ssrc:5 msid:stream track', ['stream'], 'track'],
    ['a=ssrc:5 mslabel:stream\r\na=ssrc:5 label:track', ['stream'], 'track'],
  ]
  for (const [lines, streamIds, trackId] of cases) {
    const side = media('side')
    side.setRemote('offer', `${offer}${lines}\r\n`)
    const [transceiver] = side.negotiation.transceivers
    t.same(transceiver!.remote, { receives: true, streamIds, trackId }, lines)
  }
  t.end()
})

t.test('tracks of which no stream is said are in one stream of that connection', t => {
  const side = media('side')
  side.setRemote('offer', sample('chromium-156/audio-video-sendrecv.offer').replace(/a=(?:msid|ssrc).*\r\n/g, ''))
  const [audio, video] = side.negotiation.transceivers
  t.match(audio!.remote, { receives: true, streamIds: [/^[0-9a-f]{32}$/], trackId: undefined })
  t.same(video!.remote, audio!.remote)
  t.end()
})

t.test('retransmissions and names of streams are told, and read', t => {
  const [a, b] = agreed()
  const [, video] = a.negotiation.transceivers
  const receive = b.negotiation.transceivers[1]!.negotiated?.receive
  t.same(receive?.ssrcGroups, [{ semantics: 'FID', ssrcs: [video!.ssrc, video!.rtxSsrc] }])
  t.same(
    receive?.ssrcs.map(({ ssrc }) => ssrc),
    [video!.ssrc, video!.rtxSsrc],
  )
  t.ok(receive?.ssrcs.every(({ cname }) => cname !== undefined))
  const section = parseSdp(a.negotiation.currentLocalDescription!.sdp).media[1]!
  t.equal(attribute(section, 'rtcp-rsize'), true)
  t.end()
})
