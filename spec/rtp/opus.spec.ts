import { OpusPacket, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { fromHex } from '../../lib/bytes/index.ts'
import { cut, filling } from './cut.ts'

const bytes = (text: string) => fromHex(text.replaceAll(' ', ''))!
const read = (packet: Uint8Array | readonly number[]): OpusPacket | undefined => {
  const opus = new OpusPacket()
  // Within other bytes: nothing outside the range is looked at.
  const padded = Uint8Array.from([0xff, ...packet, 0xff, 0xff])
  return opus.read(padded, 1, 1 + packet.length) ? opus : undefined
}
const toc = (configuration: number, code: number, stereo = false) => (configuration << 3) | (stereo ? 4 : 0) | code
const lengths = (packet: OpusPacket) =>
  Array.from({ length: packet.frameCount }, (_, index) => packet.frameEnds[index]! - packet.frameStarts[index]!)

t.test('the first byte says mode, bandwidth, duration and channels (RFC 6716, table 2)', t => {
  const expected: [number, string, string, number][] = [
    [0, 'silk', 'narrow', 10],
    [3, 'silk', 'narrow', 60],
    [5, 'silk', 'medium', 20],
    [10, 'silk', 'wide', 40],
    [12, 'hybrid', 'super-wide', 10],
    [13, 'hybrid', 'super-wide', 20],
    [14, 'hybrid', 'full', 10],
    [15, 'hybrid', 'full', 20],
    [16, 'celt', 'narrow', 2.5],
    [21, 'celt', 'wide', 5],
    [26, 'celt', 'super-wide', 10],
    [31, 'celt', 'full', 20],
  ]
  for (const [configuration, mode, bandwidth, milliseconds] of expected) {
    for (const stereo of [false, true]) {
      const packet = read([toc(configuration, 0, stereo), ...filling(20)])
      t.match(packet, { mode, bandwidth, duration: milliseconds * 48, channels: stereo ? 2 : 1, frameCount: 1 })
    }
  }
  t.end()
})

t.test('codes 1 and 2 hold two frames', t => {
  t.same(lengths(read([toc(31, 1), ...filling(20)])!), [10, 10])
  t.equal(read([toc(31, 1), ...filling(20)])!.duration, 1920)
  t.equal(read([toc(31, 1), ...filling(21)]), undefined, 'R3: not of equal length')
  t.same(lengths(read([toc(31, 2), 5, ...filling(20)])!), [5, 15])
  t.same(lengths(read([toc(31, 2), 252, 1, ...filling(300)])!), [256, 44])
  t.same(lengths(read([toc(31, 2), 20, ...filling(20)])!), [20, 0])
  t.equal(read([toc(31, 2), 21, ...filling(20)]), undefined, 'R4: longer than what is there')
  t.equal(read([toc(31, 2)]), undefined)
  t.equal(read([toc(31, 2), 252]), undefined)
  t.end()
})

t.test('code 3 holds any number, of one length or several, and padding', t => {
  t.same(lengths(read([toc(31, 3), 3, ...filling(30)])!), [10, 10, 10])
  t.same(lengths(read([toc(31, 3), 0x80 | 3, 4, 7, ...filling(20)])!), [4, 7, 9])
  t.same(lengths(read([toc(31, 3), 0x40 | 2, 5, ...filling(20 + 5)])!), [10, 10])
  t.same(lengths(read([toc(31, 3), 0x40 | 1, 255, 0, ...filling(20 + 254)])!), [20], '255 is 254 and more')
  t.same(lengths(read([toc(31, 3), 0xc0 | 2, 3, 8, ...filling(20 + 3)])!), [8, 12])
  t.equal(read([toc(31, 3)]), undefined, 'R6: no count')
  t.equal(read([toc(31, 3), 0, 1]), undefined, 'R5: no frame')
  t.equal(read([toc(31, 3), 7, ...filling(70)]), undefined, 'R5: more than 120 ms')
  t.equal(read([toc(31, 3), 6, ...filling(60)])?.duration, 5760)
  t.equal(read([toc(16, 3), 48, ...filling(48)])?.frameCount, 48)
  t.equal(read([toc(16, 3), 49, ...filling(49)]), undefined)
  t.equal(read([toc(31, 3), 3, ...filling(31)]), undefined, 'R6: not of equal length')
  t.equal(read([toc(31, 3), 0x40 | 1, 21, ...filling(20)]), undefined, 'R6: padding beyond the end')
  t.equal(read([toc(31, 3), 0x40 | 1]), undefined, 'R6: no length of the padding')
  t.equal(read([toc(31, 3), 0x40 | 1, 255]), undefined)
  t.equal(read([toc(31, 3), 0x80 | 2, 21, ...filling(20)]), undefined, 'R7')
  t.equal(read([toc(31, 3), 0x80 | 3, 4]), undefined)
  t.end()
})

t.test('no frame is longer than 1,275 bytes, and nothing is no packet', t => {
  t.equal(read([]), undefined, 'R1')
  t.same(lengths(read([toc(31, 0), ...filling(1275)])!), [1275])
  t.equal(read([toc(31, 0), ...filling(1276)]), undefined, 'R2')
  t.equal(read([toc(31, 1), ...filling(2552)]), undefined)
  t.end()
})

t.test('silence, speech and redundancy are told where they are to be seen', t => {
  t.equal(read([toc(9, 0)])?.discontinuous, true)
  t.equal(read([toc(9, 0), 0])?.discontinuous, true)
  t.equal(read([toc(9, 0), 0, 0])?.discontinuous, false)
  const silk = (configuration: number, flags: number, stereo = false) => {
    const { voice, hasRedundancy } = read([toc(configuration, 0, stereo), flags, 1, 2, 3])!
    return [voice, hasRedundancy]
  }
  t.same(silk(9, 0b1000_0000), [true, false], '20 ms: a bit of voice, a bit of redundancy')
  t.same(silk(9, 0b0100_0000), [false, true])
  t.same(silk(8, 0b0100_0000), [false, true], '10 ms: the same')
  t.same(silk(11, 0b0010_0000), [true, false], '60 ms: three bits of voice')
  t.same(silk(11, 0b0001_0000), [false, true])
  t.same(silk(10, 0b0010_0000), [false, true], '40 ms: two')
  t.same(silk(9, 0b0010_0000, true), [true, false], 'stereo: the other channel behind it')
  t.same(silk(9, 0b0001_0000, true), [false, true])
  t.same(silk(9, 0b0010_0000), [false, false])
  t.same(silk(15, 0b1100_0000), [true, true], 'hybrid')
  t.same(silk(31, 0b1100_0000), [undefined, false], 'CELT does not say')
  t.end()
})

t.test('a payload is a packet', t => {
  const format = payloadFormat('OPUS')!
  const frame = Uint8Array.from([toc(31, 0), ...filling(100)])
  const packetizer = format.createPacketizer(new Map(), 0)
  const payloads = cut(packetizer, { data: frame, keyFrame: true }, 1200)
  t.same(payloads, [{ bytes: frame, last: true }])
  t.same(cut(packetizer, { data: frame, keyFrame: true }, 100), [], 'is not cut')
  t.same(cut(packetizer, { data: bytes('fb'), keyFrame: true }, 1200), [], 'is looked at')
  const depacketizer = format.createDepacketizer(new Map())
  t.same(depacketizer.join([frame]), { data: frame, keyFrame: true })
  t.equal(depacketizer.join([frame, frame]), undefined)
  t.equal(depacketizer.join([bytes('fb')]), undefined)
  t.equal(format.durationOf?.(frame, 0, frame.length), 960)
  t.end()
})
