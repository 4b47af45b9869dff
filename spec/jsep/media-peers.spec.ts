/** Audio and video with descriptions as other stacks write them, as offers and as answers to ours. */

import t, { type Test } from 'tap'
import { encodingOf } from '../../lib/rtp/index.ts'
import { attribute, attributes, type MediaDescription, parseSdp } from '../../lib/sdp/index.ts'
import { cut, group, mediaSide, ports, takeAll, transceiversOf } from './media-side.ts'
import { linesOf, sample } from './side.ts'

const stacks = ['aiortc', 'pion', 'werift', 'libdatachannel', 'wrtc'].map(name => `peers/${name}-media`)
const browsers = ['chromium-156/audio-video-data', 'firefox-esr-153/audio-video-data']

const transport = (setup: string) => [
  'a=ice-ufrag:abcdefgh',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  `a=fingerprint:sha-256 ${Array(32).fill('5F').join(':')}`,
  `a=setup:${setup}`,
]

/** In the manner of stacks that are not here to write it themselves. */
const manners: Record<string, { readonly lines: string[]; readonly taken: boolean[] }> = {
  // A media server: lite, one SSRC and its retransmissions, everything of the transport in each m-section.
  mediasoup: {
    lines: [
      ...['v=0', 'o=mediasoup 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=ice-lite', ...transport('actpass').slice(2, 3)],
      ...['a=msid-semantic: WMS *', 'a=group:BUNDLE 0 probator'],
      ...['m=video 7 UDP/TLS/RTP/SAVPF 101 102', 'c=IN IP4 127.0.0.1', 'a=rtpmap:101 VP8/90000'],
      ...['a=rtpmap:102 rtx/90000', 'a=fmtp:102 apt=101', 'a=rtcp-fb:101 transport-cc ', 'a=rtcp-fb:101 nack '],
      ...['a=rtcp-fb:101 nack pli', 'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=setup:actpass', 'a=mid:0'],
      ...['a=msid:cname track', 'a=sendonly', 'a=ice-ufrag:abcdefgh', 'a=ice-pwd:abcdefghijklmnopqrstuvwx'],
      ...['a=candidate:udpcandidate 1 udp 1076302079 192.0.2.7 40000 typ host', 'a=end-of-candidates'],
      ...['a=ice-options:renomination', 'a=ssrc:1000 cname:c', 'a=ssrc:1001 cname:c', 'a=ssrc-group:FID 1000 1001'],
      ...['a=rtcp-mux', 'a=rtcp-rsize'],
      ...['m=video 7 UDP/TLS/RTP/SAVPF 127', 'c=IN IP4 127.0.0.1', 'a=rtpmap:127 VP8/90000', 'a=setup:actpass'],
      ...['a=mid:probator', 'a=msid:probator probator', 'a=sendonly', 'a=ice-ufrag:abcdefgh'],
      ...['a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=ssrc:1234 cname:probator', 'a=rtcp-mux'],
    ],
    taken: [true, true],
  },
  // A gateway of before: the profile without UDP/TLS, tracks named at their SSRCs.
  janus: {
    lines: [
      ...['v=0', 'o=- 1504774263038545 1 IN IP4 192.0.2.8', 's=VideoRoom 1003', 't=0 0', 'a=group:BUNDLE audio video'],
      ...['a=msid-semantic: WMS janus', 'm=audio 9 RTP/SAVPF 111', 'c=IN IP4 192.0.2.8', 'a=sendonly', 'a=mid:audio'],
      ...['a=rtcp-mux', 'a=ice-options:trickle', ...transport('actpass'), 'a=rtpmap:111 opus/48000/2'],
      ...['a=ssrc:1 cname:janus', 'a=ssrc:1 msid:janus janusa0', 'a=ssrc:1 mslabel:janus', 'a=ssrc:1 label:janusa0'],
      ...['m=video 9 RTP/SAVPF 96', 'c=IN IP4 192.0.2.8', 'a=sendonly', 'a=mid:video', 'a=rtcp-mux'],
      ...[...transport('actpass'), 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 ccm fir', 'a=rtcp-fb:96 goog-remb'],
      ...['a=ssrc:2 cname:janus', 'a=ssrc:2 msid:janus janusv0'],
    ],
    taken: [true, true],
  },
  // A browser that prefers H264 and H265, the latter without parameters, with credentials of every ice-char.
  safari: {
    lines: [
      ...['v=0', 'o=- 985372420936776446 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1'],
      ...['a=extmap-allow-mixed', 'a=msid-semantic: WMS bc57', 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 13 110'],
      ...['c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0', 'a=ice-options:trickle', ...transport('actpass').slice(1)],
      ...['a=ice-ufrag://pY', 'a=mid:0', 'a=sendrecv', 'a=msid:bc57 833d', 'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2'],
      ...['a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111'],
      ...['a=rtpmap:110 telephone-event/48000', 'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 104 105 106'],
      ...['c=IN IP4 0.0.0.0', 'a=ice-ufrag://pY', ...transport('actpass').slice(1), 'a=mid:1', 'a=sendrecv'],
      ...['a=msid:bc57 92aa', 'a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:96 H264/90000', 'a=rtcp-fb:96 nack pli'],
      ...['a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f', 'a=rtpmap:97 rtx/90000'],
      ...['a=fmtp:97 apt=96', 'a=rtpmap:98 H264/90000', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=98'],
      ...['a=fmtp:98 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'],
      ...['a=rtpmap:104 H265/90000', 'a=rtpmap:105 rtx/90000', 'a=fmtp:105 apt=104', 'a=rtpmap:106 VP8/90000'],
    ],
    taken: [true, true],
  },
  // A SIP gateway: no mids, no bundling, its transport at the session level, one that does nothing we take.
  gateway: {
    lines: [
      ...['v=0', 'o=gw 1 1 IN IP4 192.0.2.9', 's=call', 'c=IN IP4 192.0.2.9', 't=0 0', ...transport('actpass')],
      ...[
        'm=audio 4000 UDP/TLS/RTP/SAVP 8 0 101',
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        'a=ptime:20',
      ],
      ...['a=rtcp-mux', 'm=video 4002 UDP/TLS/RTP/SAVPF 34', 'a=rtpmap:34 H263/90000', 'a=rtcp-mux'],
      ...['m=video 4004 RTP/AVP 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp:4005'],
    ],
    taken: [true, false, false],
  },
  // WHIP: every m-section is bundle-only, with a port all the same.
  whip: {
    lines: [
      ...['v=0', 'o=- 5228595038118931041 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1'],
      ...['a=extmap-allow-mixed', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', ...transport('actpass')],
      ...['a=mid:0', 'a=bundle-only', 'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=sendonly', 'a=msid:- x'],
      ...['a=rtcp-mux', 'a=rtcp-mux-only', 'a=rtpmap:111 opus/48000/2', 'm=video 0 UDP/TLS/RTP/SAVPF 96'],
      ...['c=IN IP4 0.0.0.0', 'a=mid:1', 'a=bundle-only', 'a=sendonly', 'a=msid:- y', 'a=rtpmap:96 VP8/90000'],
    ],
    taken: [true, true],
  },
}

const isSameList = (t: Test, answered: MediaDescription, offered: MediaDescription, name: string): void => {
  t.equal(answered.protocol, offered.protocol, name)
  t.ok(answered.formats.length > 0 && answered.formats.every(format => offered.formats.includes(format)), name)
  const ids = new Map(attributes(offered, 'extmap').map(({ id, uri }) => [id, uri]))
  for (const { id, uri } of attributes(answered, 'extmap')) t.equal(ids.get(id), uri, name)
  const formats = new Set(answered.formats)
  for (const { format, parameters } of attributes(answered, 'fmtp')) {
    t.ok(formats.has(format), name)
    const [, apt] = /^apt=(\d+)$/.exec(parameters) ?? []
    if (apt !== undefined) t.ok(formats.has(apt), name)
  }
}

/** Takes an offer whole, and offers again: all of it parses, and goes together. */
const exchange = (t: Test, name: string, offer: string): readonly MediaDescription[] => {
  const side = mediaSide('side', [], { bundlePolicy: 'balanced' })
  side.setRemote('offer', offer)
  takeAll(side)
  const answer = side.answer()
  const offered = parseSdp(offer).media
  const answered = parseSdp(answer).media
  t.equal(answered.length, offered.length, name)
  for (const [index, section] of answered.entries()) {
    if (section.port !== 0 && section.kind !== 'application') isSameList(t, section, offered[index]!, name)
  }
  const { media } = side.setLocal('answer', answer)
  for (const { rejected, local, remote, dtlsRole, transceiver, kind } of media) {
    if (rejected) continue
    t.ok(local && remote && dtlsRole, name)
    if (kind === 'application') continue
    const { negotiated } = transceiver!
    t.ok((negotiated?.receive ?? negotiated?.send)!.codecs.length > 0, name)
  }
  const again = side.sendOffer()
  t.equal(parseSdp(again).media.length, offered.length, name)
  side.setLocal('rollback')
  side.setRemote('offer', offer)
  t.same(ports(side.answer()), ports(answer), name)
  return answered
}

t.test('offers of other stacks are answered with what both can', t => {
  for (const name of [...stacks, ...browsers]) {
    const answered = exchange(t, name, sample(`${name}.offer`))
    t.ok(
      answered.every(({ port }) => port !== 0),
      name,
    )
  }
  for (const [name, { lines, taken }] of Object.entries(manners)) {
    const answered = exchange(t, name, `${lines.join('\r\n')}\r\n`)
    t.same(
      answered.map(({ port }) => port !== 0),
      taken,
      name,
    )
  }
  t.end()
})

t.test('what they say of their streams is read', t => {
  const side = (name: string) => {
    const made = mediaSide('side')
    const offer = name in manners ? `${manners[name]!.lines.join('\r\n')}\r\n` : sample(`peers/${name}-media.offer`)
    made.setRemote('offer', offer)
    takeAll(made)
    made.setLocal('answer', made.answer())
    return transceiversOf(made)
  }
  const [first, probator] = side('mediasoup')
  t.match(first!.remote, { streamIds: ['cname'], trackId: 'track' })
  t.match(first!.negotiated?.receive, { ssrcs: [{ ssrc: 1000 }, { ssrc: 1001 }] })
  t.same(first!.negotiated?.receive?.ssrcGroups, [{ semantics: 'FID', ssrcs: [1000, 1001] }])
  t.equal(first!.currentDirection, 'recvonly')
  t.same(probator!.negotiated?.receive?.ssrcs, [{ ssrc: 1234, cname: 'probator' }])
  t.match(side('janus')[1]!.remote, { streamIds: ['janus'], trackId: 'janusv0' })
  t.match(side('whip')[1]!.remote, { receives: true, streamIds: [], trackId: 'y' })
  t.match(side('gateway')[0]!.remote, { receives: true, streamIds: [/^[0-9a-f]{32}$/] })
  for (const name of ['aiortc', 'pion', 'wrtc']) t.ok(side(name)[0]!.remote.trackId, name)
  const safari = side('safari')[1]!.negotiated!.receive!.codecs.map(encodingOf)
  t.match(
    safari,
    ['H264', 'RTX', 'H264', 'RTX', 'H265', 'RTX', 'VP8'].filter((_, at) => at > 1),
  )
  t.end()
})

/** Their answer in the places of our offer: each m-section of ours is answered by the one of theirs that is of its kind. */
const adapted = (answer: string, offer: string): string => {
  const [session, ...theirs] = cut(answer.replace(/\r?\n/g, '\r\n'))
  const sections = cut(offer)
    .slice(1)
    .map((ours, index) => {
      const kind = /^m=(\w+)/.exec(ours)![1]!
      const found = theirs.find(each => each.startsWith(`m=${kind} `))
      if (found === undefined) return `m=${kind} 0 ${ours.split(' ')[2]} 0\r\na=mid:${index}\r\n`
      return found.replace(/a=mid:.*/, `a=mid:${index}`)
    })
  const mids = sections.flatMap((section, index) => (/^m=\w+ 0 /.test(section) ? [] : [index]))
  return session!.replace(/a=group:BUNDLE.*/, `a=group:BUNDLE ${mids.join(' ')}`) + sections.join('')
}

t.test('their answers are taken: what we send has their numbers, what we receive has ours', t => {
  for (const name of [...stacks, ...browsers]) {
    const side = mediaSide('side', ['audio', 'video'], { data: true })
    const offer = side.sendOffer()
    const answer = adapted(sample(`${name}.answer`), offer)
    const { media, signalingState } = side.setRemote('answer', answer)
    t.equal(signalingState, 'stable', name)
    t.ok(
      media.every(({ rejected, transportMid }) => rejected || transportMid === '0'),
      name,
    )
    const theirs = parseSdp(answer).media
    for (const [index, { negotiated }] of transceiversOf(side).entries()) {
      const codecs = negotiated?.send?.codecs ?? negotiated?.receive?.codecs
      t.ok(codecs !== undefined && codecs.length > 0, name)
      const formats = new Set(theirs[index]!.formats)
      t.ok(negotiated?.send?.codecs.every(({ payloadType }) => formats.has(String(payloadType))) ?? true, name)
      const ours = new Set(parseSdp(offer).media[index]!.formats)
      t.ok(negotiated?.receive?.codecs.every(({ payloadType }) => ours.has(String(payloadType))) ?? true, name)
    }
    t.same(
      ports(side.sendOffer()).map(port => port !== '0'),
      media.map(({ rejected }) => !rejected),
      name,
    )
  }
  t.end()
})

t.test('simulcast that is offered is answered with one layer', t => {
  for (const browser of ['chromium-156', 'firefox-esr-153']) {
    const side = mediaSide('side')
    const answer = side.sendAnswer(sample(`${browser}/simulcast-send.offer`))
    t.notMatch(answer, /a=(?:simulcast|rid)/)
    t.ok(ports(answer).includes('9'))
    t.same(group(answer).length, 1)
    t.equal(linesOf(answer, 'a=recvonly').length, 1)
  }
  t.end()
})

t.test('an offer of what we cannot do is answered, m-section by m-section', t => {
  const side = mediaSide('side')
  const [session, audio, video] = cut(mediaSide('o', ['audio', 'video']).offer())
  const text = video!.replace('m=video', 'm=text').replace('a=mid:1', 'a=mid:t')
  const image = 'm=image 9 udptl t38\r\nc=IN IP4 0.0.0.0\r\n'
  const answer = side.sendAnswer(session!.replace('0 1', '0 t 1') + audio! + text + image + video!)
  t.same(ports(answer), ['9', '0', '0', '9'])
  t.same(group(answer), ['BUNDLE 0 1'])
  t.equal(attribute(parseSdp(answer).media[2]!, 'mid'), undefined, 'none that was not offered')
  t.end()
})
