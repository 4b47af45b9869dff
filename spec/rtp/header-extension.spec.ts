/** Both forms of header extensions, as RFC 8285 lays them out, and which form is written. */

import { ExtensionWriter, RtpPacket, writeRtpHeader } from 'purertc/rtp'
import t from 'tap'
import { fromHex, hex, Packet } from '../../lib/bytes/index.ts'

const HEADER = '906000010000000200000003'

const read = (extension: string): string[] => {
  const packet = new RtpPacket()
  if (!packet.parse(fromHex(`${HEADER}${extension}`)!)) return ['malformed']
  const found: string[] = []
  packet.forEachExtension((id, start, end) => {
    found.push(`${id}:${hex(packet.bytes.subarray(start, end))}`)
    if (!packet.findExtension(id)) throw new Error('told of, and not found')
  })
  for (let id = 0; id < 256; id++) {
    if (packet.findExtension(id) && !found.some(each => each.startsWith(`${id}:`)))
      throw new Error('found, and not told of')
  }
  return found
}

t.test('the one-byte form (RFC 8285, 4.2)', t => {
  t.strictSame(read('bede000310aa21bbbb000033cccccccc'), ['1:aa', '2:bbbb', '3:cccccccc'], 'the example of the RFC')
  t.strictSame(read('bede0001e0aa0000'), ['14:aa'])
  t.strictSame(read('bede0002f0aa10bb10cc0000'), [], 'the id 15 ends it')
  t.strictSame(read('bede000210bbf0aa20cc0000'), ['1:bb'], 'what was before it counts')
  t.strictSame(read('bede000210bb01aaaa20cc00'), ['1:bb'], 'the id 0 with a length ends it too')
  t.strictSame(read('bede000110bb13cc'), ['1:bb'], 'an element that is cut off')
  t.strictSame(read('bede0000'), [])
  t.strictSame(read('bede000410aa00000000000000000000000020bb'), ['1:aa', '2:bb'], 'padding between')
  t.end()
})

t.test('the two-byte form (RFC 8285, 4.3), with any application bits', t => {
  for (const profile of ['1000', '100f', '1007']) {
    t.strictSame(read(`${profile}00030100 0201bb00 0304cccccccc`.replaceAll(' ', '')), ['1:', '2:bb', '3:cccccccc'])
  }
  t.strictSame(read('10000001ff01aa00'), ['255:aa'])
  t.strictSame(read('100000010f01aa00'), ['15:aa'], 'no id ends it')
  t.strictSame(read('100000010102aa00'), ['1:aa00'])
  t.strictSame(read('100000010103aa00'), [], 'an element that is cut off')
  t.strictSame(read('1000000100000001'), [], 'half a head')
  t.end()
})

t.test('what RFC 9335 has encrypted is laid out as it was', t => {
  t.strictSame(read('c0de000110aa0000'), ['1:aa'])
  t.strictSame(read('c2de00010101aa00'), ['1:aa'])
  t.end()
})

t.test('an extension of another profile has no elements', t => {
  t.strictSame(read('abac000110aa0000'), [])
  t.strictSame(read('bedf000110aa0000'), [])
  t.strictSame(read('2000000110aa0000'), [])
  t.end()
})

const written = (writer: ExtensionWriter): string => {
  const packet = new Packet(new Uint8Array(600), 0, 0)
  const header = { marker: false, payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3 }
  writeRtpHeader(packet, header, writer)
  return hex(packet.view()).slice(2 * 12)
}

t.test('the one-byte form is written wherever it will do', t => {
  for (const mixed of [false, true]) {
    const writer = new ExtensionWriter()
    writer.mixed = mixed
    t.equal(writer.length, 0)
    t.ok(writer.isEmpty)
    t.equal(written(writer), '', 'none at all without elements')
    t.ok(writer.put(1, Uint8Array.of(0xaa)))
    t.ok(writer.put(14, new Uint8Array(16).fill(0xbb)))
    t.equal(writer.length, 24)
    t.equal(written(writer), `bede000510aaef${'bb'.repeat(16)}00`)
    writer.reset()
    t.ok(writer.isEmpty)
    t.ok(writer.put(3, Uint8Array.of(9, 1, 2, 9), 1, 3))
    t.equal(written(writer), 'bede000131010200')
  }
  t.end()
})

t.test('the two-byte form only for what needs it, where forms may be mixed', t => {
  const needs: [number, number][] = [
    [15, 1],
    [255, 1],
    [1, 17],
    [1, 255],
    [1, 0],
  ]
  for (const [id, length] of needs) {
    const writer = new ExtensionWriter()
    writer.put(2, Uint8Array.of(0xbb))
    t.notOk(writer.put(id, new Uint8Array(length).fill(0xaa)), 'refused where they may not')
    t.equal(written(writer), 'bede000120bb0000', 'and the rest goes as it can')
    writer.mixed = true
    t.ok(writer.put(id, new Uint8Array(length).fill(0xaa)))
    const body = `0201bb${hex(Uint8Array.of(id, length))}${'aa'.repeat(length)}`
    t.equal(written(writer).slice(0, 8 + body.length), `1000${hex(Uint8Array.of(0, (length + 5 + 3) >> 2))}${body}`)
    writer.reset()
    writer.put(2, Uint8Array.of(0xbb))
    t.equal(written(writer), 'bede000120bb0000', 'the next packet has the short form again')
  }
  t.end()
})

t.test('a stream may be of the two-byte form as a whole', t => {
  const writer = new ExtensionWriter()
  writer.twoByte = true
  t.ok(writer.put(2, Uint8Array.of(0xbb)))
  t.equal(written(writer), '100000010201bb00')
  t.ok(writer.put(200, new Uint8Array(0)))
  t.equal(written(writer), '100000020201bbc800000000')
  t.end()
})

t.test('ids and lengths that neither form has are refused, and what there is no room for', t => {
  const writer = new ExtensionWriter(32)
  writer.mixed = true
  t.equal(writer.reserve(0, 1), -1)
  t.equal(writer.reserve(256, 1), -1)
  t.equal(writer.reserve(1, 256), -1)
  t.equal(writer.reserve(1, -1), -1)
  t.ok(writer.put(1, new Uint8Array(20)))
  t.notOk(writer.put(2, new Uint8Array(9)))
  t.ok(writer.put(2, new Uint8Array(8)))
  t.end()
})
