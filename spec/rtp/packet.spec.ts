/** RTP packets of other stacks are read as they are, what lies is refused, and what is written reads back (RFC 3550, 5.1). */

import fc from 'fast-check'
import {
  appendPadding,
  appendPayload,
  ExtensionWriter,
  isRtcp,
  RtpPacket,
  rtpHeaderLength,
  writeRtpHeader,
} from 'purertc/rtp'
import t from 'tap'
import { equalBytes, fromHex, Packet, PacketPool } from '../../lib/bytes/index.ts'
import { fixtureBytes } from '../fixture.ts'

const aiortc = (name: string): Uint8Array => fixtureBytes(`rtp-rtcp-sctp-aiortc/${name}.bin`)

const parsed = (bytes: Uint8Array): RtpPacket | undefined => {
  const packet = new RtpPacket()
  return packet.parse(bytes) ? packet : undefined
}

const csrcsOf = (packet: RtpPacket): number[] => Array.from({ length: packet.csrcCount }, (_, i) => packet.csrc(i))

t.test('the packets of aiortc', t => {
  const plain = parsed(aiortc('rtp'))!
  t.equal(plain.payloadType, 0)
  t.equal(plain.marker, false)
  t.equal(plain.sequenceNumber, 15743)
  t.equal(plain.timestamp, 3937035252)
  t.equal(plain.ssrc, 4028317929)
  t.equal(plain.payload.length, 160)
  t.equal(plain.headerLength, 12)

  const event = parsed(aiortc('rtp_dtmf'))!
  t.equal(event.marker, true)
  t.equal(event.payloadType, 101)
  t.equal(event.payload.length, 4)

  const mixed = parsed(aiortc('rtp_with_csrc'))!
  t.strictSame(csrcsOf(mixed), [2882400001, 3735928559])
  t.equal(mixed.csrc(2), 0, 'beyond what there is')
  t.equal(mixed.csrc(-1), 0)
  t.equal(mixed.payloadStart, 20)
  t.equal(mixed.payload.length, 160)

  const padding = parsed(aiortc('rtp_only_padding'))!
  t.equal(padding.paddingLength, 224)
  t.equal(padding.payload.length, 0)
  t.equal(padding.payloadStart, padding.payloadEnd)

  const both = parsed(aiortc('rtp_only_padding_with_header_extensions'))!
  t.equal(both.paddingLength, 224)
  t.equal(both.payload.length, 0)
  t.ok(both.findExtension(2))
  t.equal(both.extensionStart, 17)
  t.equal(both.extensionEnd, 20)

  const withMid = parsed(aiortc('rtp_with_sdes_mid'))!
  t.ok(withMid.findExtension(9))
  t.strictSame([...withMid.bytes.subarray(withMid.extensionStart, withMid.extensionEnd)], [0x30])
  t.notOk(withMid.findExtension(8))
  t.equal(withMid.payload.length, 54)
  t.end()
})

t.test('one object reads packet after packet, and nothing of the last one is left', t => {
  const packet = new RtpPacket()
  t.ok(packet.parse(aiortc('rtp_only_padding_with_header_extensions')))
  t.ok(packet.parse(aiortc('rtp')))
  t.equal(packet.paddingLength, 0)
  t.equal(packet.extensionProfile, 0)
  t.notOk(packet.findExtension(2))
  t.end()
})

t.test('what lies about its length is no packet', t => {
  const good = [...aiortc('rtp')]
  const changed = (change: (bytes: number[]) => unknown): RtpPacket | undefined => {
    const bytes = [...good]
    change(bytes)
    return parsed(Uint8Array.from(bytes))
  }
  t.ok(changed(() => {}))
  for (let length = 0; length < 12; length++) t.notOk(parsed(Uint8Array.from(good.slice(0, length))), `${length} bytes`)
  t.ok(parsed(Uint8Array.from(good.slice(0, 12))), 'a header alone')
  for (const version of [0x00, 0x40, 0xc0])
    t.notOk(
      changed(bytes => bytes.splice(0, 1, version)),
      'another version',
    )
  t.notOk(parsed(Uint8Array.from([0x8f, ...good.slice(1, 71)])), 'more sources than bytes')
  t.ok(parsed(Uint8Array.from([0x8f, ...good.slice(1, 72)])), 'as many sources as bytes')
  t.notOk(parsed(Uint8Array.from([0xa0, ...good.slice(1, 19), 0])), 'padding of none')
  t.notOk(parsed(Uint8Array.from([0xa0, ...good.slice(1, 19), 9])), 'padding beyond the payload')
  t.ok(parsed(Uint8Array.from([0xa0, ...good.slice(1, 19), 8])), 'padding alone')
  t.notOk(parsed(Uint8Array.from([0x90, ...good.slice(1, 15)])), 'half the head of an extension')
  t.notOk(
    parsed(Uint8Array.from([0x90, ...good.slice(1, 12), 0xbe, 0xde, 0, 2, 1, 2, 3, 4])),
    'more extension than bytes',
  )
  t.notOk(parsed(Uint8Array.from([0x90, ...good.slice(1, 12), 0xbe, 0xde, 0xff, 0xff, 1, 2, 3, 4])))
  t.notOk(
    parsed(Uint8Array.from([0xb0, ...good.slice(1, 12), 0xbe, 0xde, 0, 1, 0x10, 2, 3, 4])),
    'padding in the extension',
  )
  t.end()
})

t.test('RTCP is told apart by its second byte (RFC 5761, 4)', t => {
  for (let type = 0; type < 256; type++)
    t.equal(isRtcp(Uint8Array.of(0x80, type)), type >= 192 && type <= 223, `${type}`)
  t.equal(isRtcp(new Uint8Array(0)), false)
  t.equal(isRtcp(Uint8Array.of(0x80)), false)
  t.end()
})

t.test('what is written reads back, and reads the same whole in a buffer of its own', t => {
  const packet = new RtpPacket()
  const extensions = new ExtensionWriter()
  const pool = new PacketPool(2000)
  const u32 = fc.nat(0xffff_ffff)
  fc.assert(
    fc.property(
      fc.record({
        marker: fc.boolean(),
        payloadType: fc.nat(127),
        sequenceNumber: fc.nat(0xffff),
        timestamp: u32,
        ssrc: u32,
        csrcs: fc.array(u32, { maxLength: 15 }),
      }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(255),
      fc.boolean(),
      (header, elements, payload, padding, mixed) => {
        extensions.reset()
        extensions.mixed = mixed
        const put = elements.filter(([id, bytes]) => extensions.put(id, bytes))
        if (mixed && put.length !== elements.length) throw new Error('left out what has a form')
        const out = pool.take()
        if (!writeRtpHeader(out, header, extensions)) throw new Error('not written')
        if (out.length !== rtpHeaderLength(header.csrcs.length, extensions)) throw new Error('another length than told')
        appendPayload(out, Uint8Array.from([1, ...payload, 1]), 1, 1 + payload.length)
        if (padding > 0) appendPadding(out, padding)
        if (!packet.parse(out.view())) throw new Error('not read')
        const { marker, payloadType, sequenceNumber, timestamp, ssrc } = packet
        const again = { marker, payloadType, sequenceNumber, timestamp, ssrc, csrcs: csrcsOf(packet) }
        if (JSON.stringify(again) !== JSON.stringify(header)) throw new Error('another header')
        if (packet.paddingLength !== padding || !equalBytes(packet.payload, payload)) throw new Error('another payload')
        const read: [number, Uint8Array][] = []
        packet.forEachExtension((id, start, end) => read.push([id, packet.bytes.slice(start, end)]))
        if (read.length !== put.length) throw new Error('another number of extensions')
        put.forEach(([id, bytes], index) => {
          if (read[index]![0] !== id || !equalBytes(read[index]![1], bytes)) throw new Error('another extension')
          const first = put.find(([other]) => other === id)![1]
          if (!packet.findExtension(id)) throw new Error('an extension not found')
          if (!equalBytes(packet.bytes.subarray(packet.extensionStart, packet.extensionEnd), first)) {
            throw new Error('another extension found')
          }
        })
        out.release()
      },
    ),
    { numRuns: 300 },
  )
  t.end()
})

t.test('what has no room is not written', t => {
  const header = { marker: true, payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3 }
  const small = new Packet(new Uint8Array(15), 4, 4)
  t.notOk(writeRtpHeader(small, header))
  t.equal(small.length, 0)
  const packet = new Packet(new Uint8Array(20), 4, 4)
  t.ok(writeRtpHeader(packet, header))
  t.notOk(appendPayload(packet, new Uint8Array(5), 0, 5))
  t.notOk(appendPadding(packet, 5))
  t.notOk(appendPadding(packet, 0))
  t.notOk(appendPadding(packet, 256))
  t.ok(appendPadding(packet, 4))
  t.strictSame([...packet.view()], [...fromHex('a0e000010000000200000003' + '00000004')!])
  t.end()
})

t.test('random bytes and flipped bits never throw, and nothing is found outside of the packet', t => {
  const packet = new RtpPacket()
  const read = (bytes: Uint8Array): void => {
    if (!packet.parse(bytes)) return
    const { payloadStart, payloadEnd, paddingLength } = packet
    if (payloadStart > payloadEnd || payloadEnd + paddingLength !== bytes.length)
      throw new Error('a payload out of place')
    for (let id = 0; id < 256; id++) {
      if (!packet.findExtension(id)) continue
      const { extensionStart, extensionEnd } = packet
      if (id === 0 || extensionStart < 16 || extensionStart > extensionEnd || extensionEnd > payloadStart) {
        throw new Error('an extension out of place')
      }
    }
  }
  const sample = aiortc('rtp_only_padding_with_header_extensions')
  for (let bit = 0; bit < 8 * 24; bit++) {
    const flipped = sample.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    read(flipped)
  }
  for (let length = 0; length < sample.length; length++) read(sample.slice(0, length))
  const head = fc.constantFrom([0x80], [0x90], [0xbf], [0x9f])
  const profile = fc.constantFrom([0xbe, 0xde, 0, 3], [0x10, 0, 0, 3], [0x10, 0x0f, 0, 3], [0xc2, 0xde, 0, 3])
  fc.assert(
    fc.property(head, profile, fc.uint8Array({ maxLength: 60 }), (first, extension, rest) => {
      read(Uint8Array.from([...first, ...rest]))
      read(Uint8Array.from([0x90, ...new Uint8Array(11), ...extension, ...rest]))
    }),
    { numRuns: 500 },
  )
  t.pass()
  for (const name of [0, 1, 2, 3, 4, 5, 6, 7]) read(fixtureBytes(`libwebrtc-fuzz-corpora/rtp/rtp-${name}`))
  t.end()
})
