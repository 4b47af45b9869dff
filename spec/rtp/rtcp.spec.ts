/** RTCP packets of other stacks are read as they are, and each kind has the bytes that its RFC gives it. */

import { cnameOf, decodeRtcp, encodeRtcp, isCompoundRtcp, type RtcpPacket } from 'purertc/rtp'
import t, { type Test } from 'tap'
import { fromHex, hex } from '../../lib/bytes/index.ts'
import { fixtureBytes } from '../fixture.ts'

const aiortc = (name: string): Uint8Array => fixtureBytes(`rtp-rtcp-sctp-aiortc/rtcp_${name}.bin`)

t.test('the packets of aiortc', t => {
  const expected: Record<string, RtcpPacket> = {
    sr: {
      type: 'sender-report',
      ssrc: 1831097322,
      ntpSeconds: 3729147739,
      ntpFraction: 354025564,
      rtpTimestamp: 1722342718,
      packetCount: 269,
      octetCount: 13557,
      reports: [
        {
          ssrc: 2398654957,
          fractionLost: 0,
          packetsLost: 0,
          highestSequenceNumber: 246,
          jitter: 127,
          lastSenderReport: 0,
          delaySinceLastSenderReport: 0,
        },
      ],
    },
    rr: {
      type: 'receiver-report',
      ssrc: 817267719,
      reports: [
        {
          ssrc: 1200895919,
          fractionLost: 0,
          packetsLost: 0,
          highestSequenceNumber: 630,
          jitter: 1906,
          lastSenderReport: 0,
          delaySinceLastSenderReport: 0,
        },
      ],
    },
    sdes: {
      type: 'source-description',
      chunks: [{ ssrc: 1831097322, items: [{ item: 1, text: '{63f459ea-41fe-4474-9d33-9707c9ee79d1}' }] }],
    },
    bye: { type: 'goodbye', ssrcs: [2924645187] },
    bye_no_sources: { type: 'goodbye', ssrcs: [] },
    psfb_pli: { type: 'picture-loss', senderSsrc: 1414554213, mediaSsrc: 587284409 },
    rtpfb: {
      type: 'nack',
      senderSsrc: 2336520123,
      mediaSsrc: 4145934052,
      sequenceNumbers: [12, 32, 39, 54, 76, 110, 123, 142, 183, 187, 223, 236, 271, 292],
    },
  }
  for (const [name, packet] of Object.entries(expected)) {
    const bytes = aiortc(name)
    t.strictSame(decodeRtcp(bytes), { packets: [packet], malformed: 0 }, name)
    t.equal(hex(encodeRtcp([packet])), hex(bytes), name)
  }
  t.strictSame(decodeRtcp(aiortc('bye_padding')), { packets: [expected.bye_no_sources], malformed: 0 })
  const invalid = ['bye_invalid', 'psfb_invalid', 'rr_invalid', 'rtpfb_invalid', 'sdes_item_truncated', 'sr_invalid']
  for (const name of invalid) t.strictSame(decodeRtcp(aiortc(name)), { packets: [], malformed: 1 }, name)
  t.strictSame(decodeRtcp(aiortc('sdes_source_truncated')).packets, [])
  t.end()
})

/** One packet, there and back. */
const both = (t: Test, packet: RtcpPacket, bytes: string): void => {
  const text = bytes.replaceAll(' ', '')
  t.equal(hex(encodeRtcp([packet])), text, `${packet.type} is written`)
  t.strictSame(decodeRtcp(fromHex(text)!), { packets: [packet], malformed: 0 }, `${packet.type} is read`)
}

t.test('reports (RFC 3550, 6.4): losses are signed, and stay at their bounds', t => {
  const block = {
    ssrc: 0x01020304,
    fractionLost: 255,
    packetsLost: -2,
    highestSequenceNumber: 0x0001ffff,
    jitter: 5,
    lastSenderReport: 0xaabbccdd,
    delaySinceLastSenderReport: 0x00010000,
  }
  both(
    t,
    { type: 'receiver-report', ssrc: 7, reports: [block] },
    '81c90007 00000007 01020304 fffffffe 0001ffff 00000005 aabbccdd 00010000',
  )
  both(t, { type: 'receiver-report', ssrc: 7, reports: [] }, '80c90001 00000007')
  for (const [lost, told] of [
    [1e9, 0x7fffff],
    [-1e9, -0x800000],
  ] as const) {
    const bytes = encodeRtcp([{ type: 'receiver-report', ssrc: 7, reports: [{ ...block, packetsLost: lost }] }])
    const [packet] = decodeRtcp(bytes).packets
    t.equal(packet?.type === 'receiver-report' && packet.reports[0]?.packetsLost, told)
  }
  const profileSpecific = decodeRtcp(fromHex('80c9000200000007ffffffff')!)
  t.strictSame(profileSpecific.packets, [{ type: 'receiver-report', ssrc: 7, reports: [] }], 'a profile may add to it')
  const reports = new Array(32).fill(block)
  t.throws(() => encodeRtcp([{ type: 'receiver-report', ssrc: 7, reports }]), { name: 'RangeError' })
  t.end()
})

t.test('source descriptions, goodbyes and what applications define (RFC 3550, 6.5 to 6.7)', t => {
  const chunks = [
    {
      ssrc: 1,
      items: [
        { item: 1, text: 'ab' },
        { item: 15, text: '0' },
      ],
    },
    { ssrc: 2, items: [] },
    { ssrc: 3, items: [{ item: 1, text: 'ä' }] },
  ]
  both(
    t,
    { type: 'source-description', chunks },
    '83ca0008 00000001 01026162 0f013000 00000002 00000000 00000003 0102c3a4 00000000',
  )
  t.equal(cnameOf(chunks[0]!), 'ab')
  t.equal(cnameOf(chunks[1]!), undefined)
  both(t, { type: 'goodbye', ssrcs: [1, 2], reason: 'bye' }, '82cb0003 00000001 00000002 03627965')
  both(t, { type: 'goodbye', ssrcs: [1], reason: 'byebye' }, '81cb0003 00000001 06627965 62796500')
  both(
    t,
    { type: 'application', subtype: 5, ssrc: 9, name: 'test', data: Uint8Array.of(1, 2, 3, 4) },
    '85cc0003 00000009 74657374 01020304',
  )
  both(
    t,
    { type: 'application', subtype: 31, ssrc: 9, name: 'none', data: new Uint8Array(0) },
    '9fcc0002 00000009 6e6f6e65',
  )
  t.end()
})

t.test('feedback (RFC 4585, 6)', t => {
  const about = { senderSsrc: 1, mediaSsrc: 2 }
  both(
    t,
    { type: 'nack', ...about, sequenceNumbers: [65534, 65535, 0, 14, 15] },
    '81cd0004 00000001 00000002 fffe8003 000f0000',
  )
  both(t, { type: 'picture-loss', ...about }, '81ce0002 00000001 00000002')
  const slices = [{ first: 0x1001, count: 0x0ffe, pictureId: 0x3f }]
  both(t, { type: 'slice-loss', ...about, slices }, '82ce0003 00000001 00000002 800bffbf')
  both(
    t,
    { type: 'reference-picture-selection', ...about, payloadType: 96, bits: Uint8Array.of(1, 2), paddingBits: 3 },
    '83ce0003 00000001 00000002 03600102',
  )
  const selection = {
    type: 'reference-picture-selection',
    ...about,
    payloadType: 96,
    bits: Uint8Array.of(1, 2, 3),
    paddingBits: 0,
  } as const
  t.equal(hex(encodeRtcp([selection])), '83ce000400000001000000021860010203000000', 'what fills the word is told')
  t.equal(decodeRtcp(fromHex('83ce0003000000010000000211600102')!).malformed, 1, 'more padding than bits')
  for (const empty of ['81cd', '82ce', '84ce']) {
    t.equal(decodeRtcp(fromHex(`${empty}00020000000100000002`)!).malformed, 1, 'feedback about nothing')
  }
  t.end()
})

t.test('codec control (RFC 5104)', t => {
  const requests = [
    { ssrc: 2, sequenceNumber: 255 },
    { ssrc: 3, sequenceNumber: 0 },
  ]
  both(
    t,
    { type: 'full-intra-request', senderSsrc: 1, requests },
    '84ce0006 00000001 00000000 00000002 ff000000 00000003 00000000',
  )
  const limits = [{ ssrc: 2, bitrate: 0x1ffff * 4, overhead: 40 }]
  both(t, { type: 'bitrate-request', senderSsrc: 1, limits }, '83cd0004 00000001 00000000 00000002 0bfffe28')
  both(t, { type: 'bitrate-notification', senderSsrc: 1, limits: [] }, '84cd0002 00000001 00000000')
  const large = encodeRtcp([
    { type: 'bitrate-request', senderSsrc: 1, limits: [{ ssrc: 2, bitrate: Infinity, overhead: 0 }] },
  ])
  t.equal(hex(large).slice(-8), 'fffffe00')
  t.end()
})

t.test('the estimate of bandwidth (REMB)', t => {
  both(
    t,
    { type: 'bandwidth-estimate', senderSsrc: 1, bitrate: 0x3ffff * 8, ssrcs: [2, 3] },
    '8fce0006 00000001 00000000 52454d42 020fffff 00000002 00000003',
  )
  both(
    t,
    { type: 'bandwidth-estimate', senderSsrc: 1, bitrate: 0, ssrcs: [] },
    '8fce0004 00000001 00000000 52454d42 00000000',
  )
  const told = (bitrate: number): number | false => {
    const [packet] = decodeRtcp(encodeRtcp([{ type: 'bandwidth-estimate', senderSsrc: 1, bitrate, ssrcs: [] }])).packets
    return packet?.type === 'bandwidth-estimate' && packet.bitrate
  }
  t.equal(told(262_143), 262_143)
  t.equal(told(262_143.5), 262_143)
  t.equal(told(262_145), 262_144, 'rounded down')
  t.equal(told(-1), 0)
  t.equal(told(Number.POSITIVE_INFINITY), 0x3ffff * 2 ** 63)
  t.equal(decodeRtcp(fromHex('8fce0004000000010000000052454d4201000000')!).malformed, 1, 'fewer sources than it counts')
  const other = decodeRtcp(fromHex('8fce00030000000100000000414243ff')!)
  t.match(other.packets, [{ type: 'unknown', packetType: 206, count: 15 }], 'an application of another name')
  t.end()
})

t.test('feedback by stream (RFC 8888)', t => {
  both(
    t,
    {
      type: 'congestion-feedback',
      senderSsrc: 1,
      streams: [
        {
          ssrc: 2,
          beginSequenceNumber: 0xffff,
          arrivals: [{ ecn: 3, offset: 0x1ffe }, undefined, { ecn: 0, offset: 5 }],
        },
        { ssrc: 3, beginSequenceNumber: 7, arrivals: [] },
      ],
      reportTimestamp: 0xdeadbeef,
    },
    '8bcd0008 00000001 00000002 ffff0003 fffe0000 80050000 00000003 00070000 deadbeef',
  )
  t.equal(decodeRtcp(fromHex('8bcd000500000001' + '00000002' + '00000005' + 'ffffffff' + 'deadbeef')!).malformed, 1)
  t.equal(decodeRtcp(fromHex('8bcd000500000001' + '00000002' + '0000ffff' + 'ffffffff' + 'deadbeef')!).malformed, 1)
  t.end()
})

t.test('extended reports (RFC 3611)', t => {
  both(
    t,
    {
      type: 'extended-report',
      ssrc: 1,
      blocks: [
        { block: 'receiver-reference-time', ntpSeconds: 2, ntpFraction: 3 },
        {
          block: 'delay-since-last-receiver-report',
          reports: [{ ssrc: 4, lastReceiverReport: 5, delay: 6 }],
        },
        { block: 'unknown', blockType: 42, typeSpecific: 7, data: Uint8Array.of(1, 2, 3, 4) },
      ],
    },
    '80cf000a 00000001 04000002 00000002 00000003 05000003 00000004 00000005 00000006 2a070001 01020304',
  )
  t.equal(decodeRtcp(fromHex('80cf0002000000010400 0002'.replace(' ', ''))!).malformed, 1, 'a block that is cut off')
  const odd = decodeRtcp(fromHex('80cf0003000000010400000100000002')!)
  t.match(odd.packets, [{ blocks: [{ block: 'unknown', blockType: 4 }] }], 'a known one of another length')
  t.end()
})

t.test('what is not known keeps its bytes', t => {
  both(t, { type: 'unknown', packetType: 209, count: 3, body: Uint8Array.of(1, 2, 3, 4) }, '83d10001 01020304')
  both(
    t,
    { type: 'unknown', packetType: 205, count: 30, body: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 9, 9) },
    '9ecd0003 00000001 00000002 09090909',
  )
  t.end()
})

t.test('compound packets (RFC 3550, A.2), and those of reduced size (RFC 5506)', t => {
  const report = encodeRtcp([{ type: 'receiver-report', ssrc: 1, reports: [] }])
  const compound = encodeRtcp([
    { type: 'receiver-report', ssrc: 1, reports: [] },
    { type: 'source-description', chunks: [{ ssrc: 1, items: [{ item: 1, text: 'name' }] }] },
    { type: 'picture-loss', senderSsrc: 1, mediaSsrc: 2 },
  ])
  t.ok(isCompoundRtcp(report))
  t.ok(isCompoundRtcp(compound))
  t.ok(isCompoundRtcp(aiortc('sr')))
  t.notOk(isCompoundRtcp(aiortc('psfb_pli')), 'no report first')
  t.notOk(isCompoundRtcp(new Uint8Array(0)))
  t.notOk(isCompoundRtcp(compound.subarray(0, compound.length - 4)), 'lengths that do not add up')
  t.notOk(isCompoundRtcp(Uint8Array.from([...compound, 0x80])))
  t.notOk(isCompoundRtcp(Uint8Array.from([0xa0, ...report.subarray(1)])), 'padding in the first')
  const otherVersion = compound.slice()
  otherVersion[8] = 0x41
  t.notOk(isCompoundRtcp(otherVersion))
  t.strictSame(
    decodeRtcp(compound).packets.map(({ type }) => type),
    ['receiver-report', 'source-description', 'picture-loss'],
  )
  t.equal(decodeRtcp(aiortc('psfb_pli')).malformed, 0, 'reduced size is read all the same')
  t.end()
})

t.test('a malformed packet is left out, and the ones around it are not', t => {
  const good = '81ce0002 00000001 00000002'
  const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))!
  const read = decodeRtcp(bytes(`${good} 9fcb0001 00000001 ${good} 80ce0001 00000001 ${good}`))
  t.equal(read.packets.length, 3)
  t.equal(read.malformed, 2)
  const lying = decodeRtcp(bytes(`${good} 81ce0003 00000001 00000002`))
  t.equal(lying.packets.length, 1)
  t.equal(lying.malformed, 1)
  t.equal(decodeRtcp(bytes(`${good} 01ce0002 00000001 00000002`)).malformed, 1, 'another version ends it')
  t.strictSame(decodeRtcp(bytes('a1ce0003 00000001 00000002 00000004')).malformed, 0, 'padding')
  t.strictSame(decodeRtcp(bytes('a1ce0003 00000001 00000002 00000000')).malformed, 1, 'padding of none')
  t.strictSame(decodeRtcp(bytes('a1ce0003 00000001 00000002 00000010')).malformed, 1, 'padding beyond the packet')
  t.strictSame(decodeRtcp(bytes('a1ce0003 00000001 00000002 0000000c')).malformed, 1, 'padding over its SSRCs')
  t.end()
})
