import t from 'tap'
import { again, agreed, linesOf, Side, sample } from './side.ts'

const mids = (sdp: string) => linesOf(sdp, 'a=mid').map(line => line.slice(6))
const ports = (sdp: string) => linesOf(sdp, 'm=').map(line => line.split(' ')[1])

/** An answer to our offer that rejects its data. */
const refusal = (offer: string): string => {
  const answer = new Side('refuser').sendAnswer(offer)
  return answer.replace('m=application 9', 'm=application 0').replace(/a=group.*\r\n/, '')
}

t.test('data that the peer rejects is not wanted any more until there is another channel', t => {
  const side = new Side('side', { data: true })
  const applied = side.setRemote('answer', refusal(side.sendOffer()))
  t.match(applied.media, [{ mid: '0', rejected: true, local: undefined, remote: undefined }])
  t.notOk(side.negotiation.negotiationNeeded())
  const idle = side.sendOffer()
  t.same([mids(idle), ports(idle)], [['0'], ['0']])
  t.notMatch(idle, 'BUNDLE')
  side.setLocal('rollback')
  side.negotiation.dataWanted = true
  t.ok(side.negotiation.negotiationNeeded())
  t.end()
})

t.test('a provisional answer may reject too, and a final one think better of it', t => {
  const side = new Side('side', { data: true })
  const offer = side.sendOffer()
  t.match(side.setRemote('pranswer', refusal(offer)).media, [{ mid: '0', rejected: true }])
  t.ok(side.negotiation.dataWanted)
  t.match(side.setRemote('answer', new Side('peer').sendAnswer(offer)).media, [{ mid: '0', rejected: false }])
  t.end()
})

t.test('a rejected data m-section is recycled under a new mid', t => {
  const side = new Side('side', { data: true })
  const peer = new Side('peer')
  side.setRemote('answer', refusal(side.sendOffer()))
  side.negotiation.dataWanted = true
  const offer = side.sendOffer()
  t.same([mids(offer), ports(offer)], [['1'], ['9']])
  t.equal(side.offer(), offer, 'and stays so while it waits')
  const applied = side.setRemote('answer', peer.sendAnswer(offer))
  t.match(applied.media, [{ mid: '1', index: 0, rejected: false, transportMid: '1', dtlsRole: 'server' }])
  t.notOk(side.negotiation.negotiationNeeded())
  t.end()
})

t.test('the peer may reject what was agreed, recycle it, and put another medium there', t => {
  const [a, b] = agreed()
  const gone = b
    .sendOffer()
    .replace('m=application 9', 'm=application 0')
    .replace(/a=group.*\r\n/, '')
  const [waiting] = a.setRemote('offer', gone).media
  t.equal(waiting!.rejected, true)
  const answer = a.answer()
  t.same(ports(answer), ['0'])
  t.match(a.setLocal('answer', answer).media, [{ mid: '0', rejected: true }])

  const recycled = new Side('x', { data: true }).offer().replace('BUNDLE 0', 'BUNDLE new').replace('mid:0', 'mid:new')
  const applied = a.setRemote('offer', recycled)
  t.match(applied.media, [{ mid: 'new', rejected: false, local: undefined }])
  t.same(mids(a.answer()), ['new'])
  a.setLocal('answer')
  a.setRemote('offer', gone.replace('mid:0', 'mid:new'))
  a.setLocal('answer', a.answer())
  a.setRemote('offer', sample('chromium-156/audio-recvonly.offer'))
  t.same(ports(a.answer()), ['0'])
  t.end()
})

t.test('what we rejected, the peer may recycle', t => {
  const side = new Side('side')
  side.sendAnswer(sample('chromium-156/audio-recvonly.offer'))
  const recycled = sample('chromium-156/data-only.offer').replace('BUNDLE 0', 'BUNDLE d').replace('mid:0', 'mid:d')
  const answer = side.sendAnswer(recycled)
  t.same([mids(answer), ports(answer)], [['d'], ['9']])
  t.end()
})

t.test('a standing m-section keeps its place and mid', t => {
  const [a, b] = agreed()
  const [there, here] = again(b, a)
  t.match(there.media, [{ mid: '0', index: 0 }])
  t.match(here.media, [{ mid: '0', index: 0 }])
  b.setRemote('answer', a.sendAnswer(b.sendOffer()))
  t.same(mids(a.offer()), ['0'])
  t.end()
})

t.test('an offer may add m-sections behind those that stand', t => {
  const [a, b] = agreed()
  const audio = sample('chromium-156/audio-recvonly.offer').slice(
    sample('chromium-156/audio-recvonly.offer').indexOf('m='),
  )
  const offer = b.sendOffer().replace('BUNDLE 0', 'BUNDLE 0 a') + audio.replace('a=mid:0', 'a=mid:a')
  const answer = a.sendAnswer(offer)
  t.same(
    [mids(answer), ports(answer)],
    [
      ['0', 'a'],
      ['9', '0'],
    ],
  )
  t.same(linesOf(answer, 'a=group'), ['a=group:BUNDLE 0'])
  t.end()
})

t.test('m-sections without mids get some, and the answer does not tell them', t => {
  const offer = sample('chromium-156/audio-video-data.offer')
    .replace(/a=group.*\r\n/, '')
    .replace(/a=mid.*\r\n/g, '')
  const side = new Side('side')
  const { media } = side.setRemote('offer', offer)
  t.match(media, [{ mid: '0' }, { mid: '1' }, { mid: '2', transportMid: '2' }])
  const answer = side.answer()
  t.same([mids(answer), linesOf(answer, 'a=group')], [[], []])
  t.match(side.setLocal('answer', answer).media[2], { mid: '2', rejected: false, dtlsRole: 'client' })
  t.same(
    side.setRemote('offer', offer).media.map(({ mid }) => mid),
    ['0', '1', '2'],
    'and keep them',
  )

  const mixed = new Side('mixed')
  const some = offer.replace('a=sctp-port', 'a=mid:0\r\na=sctp-port')
  t.same(
    mixed.setRemote('offer', some).media.map(({ mid }) => mid),
    ['1', '2', '0'],
    'none twice',
  )

  const ours = new Side('ours', { data: true })
  const bare = new Side('bare').sendAnswer(ours.sendOffer()).replace(/a=(?:group|mid).*\r\n/g, '')
  t.match(ours.setRemote('answer', bare).media, [{ mid: '0', transportMid: '0', rejected: false }])
  t.end()
})

t.test('one data m-section is accepted: the one that stands, or the first', t => {
  const offer = sample('chromium-156/data-only.offer')
  const second = offer.slice(offer.indexOf('m=')).replace('a=mid:0', 'a=mid:1')
  const side = new Side('side')
  const two = offer.replace('BUNDLE 0', 'BUNDLE 0 1') + second
  t.same(ports(side.sendAnswer(two)), ['9', '0'])
  t.same(ports(side.sendAnswer(two)), ['9', '0'])
  const other = new Side('side')
  other.sendAnswer(two.replace('m=application 44634', 'm=application 0'))
  t.same(ports(other.sendAnswer(two)), ['0', '9'], 'the one that stands')
  t.end()
})

t.test('applications that are no data channels are rejected', t => {
  const offer = sample('chromium-156/data-only.offer')
  const cases = [
    ['m=application 44634 UDP/DTLS/SCTP webrtc-datachannel', 'm=application 44634 UDP/BFCP *'],
    ['webrtc-datachannel', 'something-else'],
    ['UDP/DTLS/SCTP', 'UDP/TLS/RTP/SAVPF'],
    ['m=application', 'm=text'],
    ['UDP/DTLS/SCTP webrtc-datachannel', 'DTLS/SCTP 5000'], // without a=sctpmap
    ['a=sctp-port:5000', 'a=sctp-port:0'],
  ] as const
  for (const [from, to] of cases) {
    const side = new Side('side')
    const answer = side.sendAnswer(offer.replace(from, to))
    t.same(ports(answer), ['0'], to)
    t.same(linesOf(answer, 'a=group'), [])
  }
  t.end()
})

t.test('port 0 with bundle-only is no rejection', t => {
  const offer = sample('chromium-156/audio-video-data.offer')
  const data = offer.indexOf('m=application')
  // the data first, so that what is bundle-only has an address in a section that is accepted
  const bundled = offer
    .slice(0, data)
    .replace(/m=(audio|video) [0-9]+/g, 'm=$1 0')
    .replaceAll('a=rtcp-mux', 'a=bundle-only\r\na=rtcp-mux')
  const head = bundled.slice(0, bundled.indexOf('m='))
  const reordered =
    head.replace('BUNDLE 0 1 2', 'BUNDLE 2 0 1') + offer.slice(data) + bundled.slice(bundled.indexOf('m='))
  const side = new Side('side')
  t.match(side.setRemote('offer', reordered).media, [
    { mid: '2', rejected: false },
    { mid: '0', rejected: false, transportMid: '2' },
    { mid: '1', rejected: false, transportMid: '2' },
  ])
  t.same(ports(side.answer()), ['9', '0', '0'])

  // groups of other semantics bundle nothing
  const lips = reordered.replace('BUNDLE 2 0 1', 'BUNDLE 2\r\na=group:LS 2 0 1')
  t.match(new Side('side').setRemote('offer', lips).media, [
    { rejected: false },
    { rejected: true },
    { rejected: true },
  ])
  // without a group that bundles it, port 0 is what it says
  const alone = new Side('side')
  t.match(alone.setRemote('offer', reordered.replace('BUNDLE 2 0 1', 'BUNDLE 2')).media, [
    { rejected: false },
    { rejected: true },
    { rejected: true },
  ])
  t.end()
})

t.test('data that is bundled into an m-section that is rejected has no address, and is rejected too', t => {
  const offer = sample('chromium-156/audio-video-data.offer')
  const data = offer.indexOf('m=application')
  const section = offer.slice(data)
  const credentials = /a=(?:ice-ufrag|ice-pwd|fingerprint|setup|candidate).*\r\n/g
  for (const only of [
    section.replace(/m=application [0-9]+/, 'm=application 0').replace('a=mid', 'a=bundle-only\r\na=mid'),
    section.replace(credentials, ''),
  ]) {
    const side = new Side('side')
    const answer = side.sendAnswer(offer.slice(0, data) + only)
    t.same(ports(answer), ['0', '0', '0'])
    t.same(linesOf(answer, 'a=group'), [])
  }
  t.end()
})

t.test('an answer may leave rejected m-sections in its group', t => {
  const side = new Side('side')
  side.sendAnswer(sample('chromium-156/audio-recvonly.offer'))
  side.negotiation.dataWanted = true
  const offer = side.sendOffer()
  t.same(mids(offer), ['0', '1'])
  const answer = new Side('peer').sendAnswer(offer)
  const [media, data] = side.setRemote('answer', answer.replace('BUNDLE 1', 'BUNDLE 0 1')).media
  t.match([media, data], [{ rejected: true }, { rejected: false, transportMid: '1' }])
  t.end()
})
