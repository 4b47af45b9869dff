import fc from 'fast-check'
import t from 'tap'
import { concatBytes, fromHex, hex } from '../../lib/bytes/index.ts'
import { CHANNEL_DATA_HEADER, decodeStun, encodeStun, StreamFramer, software } from '../../lib/stun/index.ts'
import { fixtureText } from '../fixture.ts'

const stun = (length: number): Uint8Array =>
  encodeStun({
    kind: 'request',
    method: 1,
    transactionId: new Uint8Array(12).fill(length),
    attributes: length === 0 ? [] : [software('x'.repeat(length))],
  })

/** ChannelData with a body of this length, and as it goes into a stream. */
const channelData = (length: number): { frame: Uint8Array; padded: Uint8Array } => {
  const padded = new Uint8Array(CHANNEL_DATA_HEADER + length + (-length & 3)).fill(0xff)
  padded.set([0x40, 0x01, length >> 8, length])
  const frame = padded.slice(0, CHANNEL_DATA_HEADER + length)
  frame.fill(0x2a, CHANNEL_DATA_HEADER)
  padded.set(frame)
  return { frame, padded }
}

/** Gives the stream to a framer in pieces that end at `cuts`, and writes over each piece and frame afterwards. */
const cutBy = (stream: Uint8Array, cuts: readonly number[]): { frames: string[]; ok: boolean } => {
  const framer = new StreamFramer()
  const frames: string[] = []
  let ok = true
  let start = 0
  for (const end of [...[...cuts].sort((a, b) => a - b), stream.length]) {
    const piece = stream.slice(start, end)
    ok = framer.push(piece, frame => {
      frames.push(hex(frame))
      frame.fill(0xee)
    })
    piece.fill(0xdd)
    start = end
  }
  return { frames, ok }
}

t.test('STUN and ChannelData come out whole, however the stream is cut', t => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 60 }).map(length => ({ frame: stun(length), padded: stun(length) })),
    fc.integer({ min: 0, max: 60 }).map(channelData),
    fc.constantFrom(2040, 3000, 9000).map(channelData),
  )
  const input = fc.array(part, { maxLength: 8 }).chain(parts => {
    const stream = concatBytes(...parts.map(({ padded }) => padded))
    return fc.record({
      frames: fc.constant(parts.map(({ frame }) => hex(frame))),
      stream: fc.constant(stream),
      cuts: fc.array(fc.nat(stream.length), { maxLength: 12 }),
    })
  })
  fc.assert(
    fc.property(input, ({ frames, stream, cuts }) => {
      const out = cutBy(stream, cuts)
      return out.ok && out.frames.join() === frames.join()
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('a byte at a time is enough', t => {
  const frames = [stun(0), channelData(0).frame, channelData(5).frame, stun(7)]
  const stream = concatBytes(stun(0), channelData(0).padded, channelData(5).padded, stun(7))
  const { frames: got, ok } = cutBy(
    stream,
    Array.from({ length: stream.length }, (_, i) => i),
  )
  t.ok(ok)
  t.same(got, frames.map(hex))
  t.end()
})

t.test('the largest frames pass', t => {
  const message = stun(0)
  const large = new Uint8Array(20 + 0xfffc)
  large.set(message)
  large.set([0xff, 0xfc], 2)
  const data = channelData(0xffff)
  const { frames, ok } = cutBy(concatBytes(large, data.padded), [1, 30_000, 65_000, 100_000])
  t.ok(ok)
  t.same(
    frames.map(frame => frame.length / 2),
    [large.length, data.frame.length],
  )
  t.end()
})

t.test('a frame in one piece is not copied', t => {
  const bytes = concatBytes(stun(3), channelData(9).padded)
  const views: Uint8Array[] = []
  t.ok(new StreamFramer().push(bytes, frame => views.push(frame)))
  t.ok(views.every(({ buffer }) => buffer === bytes.buffer))
  t.same(
    views.map(({ byteOffset, length }) => [byteOffset, length]),
    [
      [0, stun(3).length],
      [stun(3).length, 13],
    ],
  )
  t.end()
})

t.test('what cannot be such a stream is told at once, and for good', t => {
  const bad = [
    ['160301020001000100', 'TLS'],
    ['80e00001', 'RTP'],
    ['c0000000', 'QUIC'],
    ['00010002', 'a length that is no multiple of four'],
    ['000100002112a443', 'another magic cookie'],
    ['0000000000000000', 'zeros'],
  ] as const
  for (const [text, name] of bad) {
    for (const cuts of [[], [1], [2, 3], [29, 30]]) {
      const { frames, ok } = cutBy(concatBytes(stun(1), fromHex(text)!), cuts)
      t.equal(ok, false, name)
      t.same(frames, [hex(stun(1))], 'what came before is delivered')
    }
  }
  const framer = new StreamFramer()
  t.equal(
    framer.push(fromHex('ff')!, () => t.fail('a frame')),
    false,
  )
  t.equal(
    framer.push(stun(1), () => t.fail('a frame')),
    false,
    'nothing is believed afterwards',
  )
  t.end()
})

t.test("Chrome's ChannelData and TURN messages pass through a stream", t => {
  const lines = ['01_chromeallocreq', '02_chandata']
    .flatMap(name => fixtureText(`stun/pion-turn-chrome/${name}.hex`).trim().split('\n'))
    .map(line => fromHex(line.trim())!)
  const padded = lines.map(line => concatBytes(line, new Uint8Array(-line.length & 3)))
  const { frames, ok } = cutBy(concatBytes(...padded), [3, 47, 48, 250, 800])
  t.ok(ok)
  t.same(frames, lines.map(hex))
  t.equal(frames.filter(frame => decodeStun(fromHex(frame)!) !== undefined).length, 4)
  t.end()
})

t.test('random bytes never throw, and a framer that gave up stays so', t => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), fc.nat(3), (pieces, kind) => {
      const framer = new StreamFramer()
      let isOpen = true
      for (const piece of pieces) {
        if (piece.length > 0 && kind < 2) piece[0]! &= 0x7f
        const ok = framer.push(piece, frame => {
          if (!isOpen || frame.length < CHANNEL_DATA_HEADER) throw new Error('no frame')
        })
        if (ok && !isOpen) throw new Error('open again')
        isOpen = ok
      }
    }),
    { numRuns: 1000 },
  )
  t.end()
})
