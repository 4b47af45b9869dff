import { emptyPayloadInfo, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { fromHex, hex } from '../../lib/bytes/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { annexB, bytesOf, cut, filling } from './cut.ts'

const H264 = payloadFormat('H264')!
const MODE_0 = new Map<string, string>()
const MODE_1 = new Map([['packetization-mode', '1']])
const bytes = (text: string) => fromHex(text.replaceAll(' ', ''))!

/** Of FFmpeg's test stream: high profile, 322 x 182. */
const SPS = bytes('6764000dacb40a8cf113602200000300020000030078 1e285540')
const PPS = bytes('68ef0672c0')
/** First macroblock 0, slice type 7 (I), picture parameter set 0. */
const idr = (length: number) => [0x65, 0x88, 0x80, ...filling(length - 3)]
/** First macroblock 0, slice type 5 (P). */
const slice = (length: number) => [0x41, 0x9a, 0x80, ...filling(length - 3)]
const laterSlice = (length: number) => [0x41, 0x4a, 0x80, ...filling(length - 3)]

const describe = (payload: Uint8Array) => {
  const info = emptyPayloadInfo()
  return H264.createDepacketizer(MODE_1).describe(payload, 0, payload.length, info) ? info : undefined
}

t.test('small units go together in a STAP-A, a large one in FU-As of nearly equal size', t => {
  const data = annexB(SPS, PPS, idr(2500))
  const payloads = cut(H264.createPacketizer(MODE_1, 0), { data, keyFrame: true }, 1200)
  t.equal(payloads.length, 4)
  t.equal(payloads[0]!.bytes[0], 0x78, 'STAP-A with the importance of what is in it')
  t.same(
    payloads.slice(1).map(({ bytes }) => [bytes[0], bytes[1]]),
    [
      [0x7c, 0x85],
      [0x7c, 0x05],
      [0x7c, 0x45],
    ],
  )
  t.same(
    payloads.map(({ last }) => last),
    [false, false, false, true],
  )
  t.ok(payloads.slice(1).every(({ bytes }) => Math.abs(bytes.length - 835) <= 1))
  const frame = H264.createDepacketizer(MODE_1).join(bytesOf(payloads))
  t.same(frame, { data, keyFrame: true, video: { width: 322, height: 182 } })
  t.end()
})

t.test('in mode 0 each unit goes alone, and a frame with a unit too long does not go', t => {
  const packetizer = H264.createPacketizer(MODE_0, 0)
  const payloads = cut(packetizer, { data: annexB(SPS, PPS, idr(900)), keyFrame: true }, 1200)
  t.same(
    payloads.map(({ bytes }) => bytes[0]),
    [0x67, 0x68, 0x65],
  )
  t.same(cut(packetizer, { data: annexB(slice(20), laterSlice(1201)), keyFrame: false }, 1200), [])
  t.end()
})

t.test('a limit holds to the byte', t => {
  for (const size of [1199, 1200, 1201, 2398, 2399, 2400]) {
    const data = annexB(slice(size))
    const payloads = bytesOf(cut(H264.createPacketizer(MODE_1, 0), { data, keyFrame: false }, 1200))
    t.ok(payloads.every(({ length }) => length <= 1200))
    t.equal(payloads.length, size <= 1200 ? 1 : Math.ceil((size - 1) / 1198))
    t.same(H264.createDepacketizer(MODE_1).join(payloads)?.data, data)
  }
  const pair = annexB(SPS, slice(1200 - 1 - 2 - SPS.length - 2))
  t.equal(cut(H264.createPacketizer(MODE_1, 0), { data: pair, keyFrame: false }, 1200).length, 1)
  t.equal(cut(H264.createPacketizer(MODE_1, 0), { data: pair, keyFrame: false }, 1199).length, 2)
  t.end()
})

t.test('start codes of three bytes, zeros around units, and length prefixes are taken', t => {
  const packetizer = H264.createPacketizer(MODE_1, 0)
  const unit = slice(30)
  const expected = bytesOf(cut(packetizer, { data: annexB(unit), keyFrame: false }, 1200))
  const given = [
    { data: Uint8Array.from([0, 0, 1, ...unit]) },
    { data: Uint8Array.from([0, 0, 0, 0, 0, 1, ...unit, 0, 0, 0]) },
    { data: Uint8Array.from([0, 0, 0, unit.length, ...unit]), lengthSize: 4 },
    { data: Uint8Array.from([0, unit.length, ...unit]), lengthSize: 2 },
  ]
  for (const frame of given) t.same(bytesOf(cut(packetizer, { ...frame, keyFrame: false }, 1200)), expected)
  t.end()
})

t.test('what is no frame makes no payload', t => {
  const packetizer = H264.createPacketizer(MODE_1, 0)
  const bad = [
    [],
    [0x65, 1, 2],
    [0, 0, 1],
    [0, 0, 0, 1, 0xe5, 1],
    [0, 0, 1, 0x78, 1],
    [0, 0, 1, 0, 0, 1, 0x65],
    [5, 0, 0, 1, 0x65],
  ]
  for (const data of bad) {
    t.same(cut(packetizer, { data: Uint8Array.from(data), keyFrame: false }, 1200), [], `${data}`)
  }
  const short = Uint8Array.from([0, 0, 0, 9, 0x65, 1])
  t.same(cut(packetizer, { data: short, keyFrame: false, lengthSize: 4 }, 1200), [])
  t.same(cut(packetizer, { data: annexB(slice(30)), keyFrame: false }, 2), [])
  t.end()
})

t.test('an IDR picture without parameter sets gets those last seen, and those of a description', t => {
  const packetizer = H264.createPacketizer(MODE_1, 0)
  cut(packetizer, { data: annexB(SPS, PPS, idr(50)), keyFrame: true }, 1200)
  const [again] = cut(packetizer, { data: annexB([0x09, 0xf0], idr(60)), keyFrame: true }, 1200)
  t.same(H264.createDepacketizer(MODE_1).join([again!.bytes])?.data, annexB([0x09, 0xf0], SPS, PPS, idr(60)))

  const description = Uint8Array.from([1, 0x64, 0, 13, 0xff, 0xe1, 0, SPS.length, ...SPS, 1, 0, PPS.length, ...PPS])
  const unit = idr(40)
  const data = Uint8Array.from([0, 0, 0, unit.length, ...unit])
  const told = cut(H264.createPacketizer(MODE_1, 0), { data, keyFrame: true, description }, 1200)
  t.same(H264.createDepacketizer(MODE_1).join(bytesOf(told))?.data, annexB(SPS, PPS, unit))
  t.end()
})

t.test('a receiver remembers parameter sets, of the description and of the stream', t => {
  const property = 'Z2QADay0CozxE2AiAAADAAIAAAMAeB4oVUA=,aO8GcsA='
  const told = H264.createDepacketizer(new Map([['sprop-parameter-sets', property]]))
  const expected = { data: annexB(SPS, PPS, idr(50)), keyFrame: true, video: { width: 322, height: 182 } }
  t.same(told.join([Uint8Array.from(idr(50))]), expected)
  const learning = H264.createDepacketizer(MODE_1)
  t.same(learning.join([Uint8Array.from(idr(50))]), { data: annexB(idr(50)), keyFrame: false }, 'not known yet')
  learning.join([SPS, Uint8Array.from(slice(9))])
  t.match(learning.join([Uint8Array.from(idr(50))]), { keyFrame: false }, 'one of two')
  t.match(learning.join([SPS, Uint8Array.from(idr(50))]), { keyFrame: false }, 'one of two, in front of it')
  learning.join([SPS, PPS, Uint8Array.from(slice(9))])
  t.same(learning.join([Uint8Array.from(idr(50))]), expected)
  t.end()
})

t.test('key frames: IDR, or intra slices behind a sequence parameter set', t => {
  const depacketizer = H264.createDepacketizer(MODE_1)
  const join = (...units: readonly (readonly number[] | Uint8Array)[]) =>
    depacketizer.join(units.map(unit => Uint8Array.from(unit)))?.keyFrame
  const intra = [0x41, 0x88, 0x80, ...filling(20)]
  t.equal(join(idr(20)), false, 'nothing is known of its parameter sets')
  t.equal(join(SPS, PPS, idr(20)), true)
  t.equal(join(idr(20)), true)
  t.equal(join(slice(20)), false)
  t.equal(join(intra), false, 'intra, but nobody can begin there')
  t.equal(join(SPS, PPS, intra), true)
  t.equal(join(SPS, PPS, intra, laterSlice(20)), false)
  t.equal(join(SPS, PPS, slice(20)), false)
  t.equal(join(SPS, PPS), false)
  t.end()
})

t.test('payloads say where frames begin, and whether they are of a key frame', t => {
  t.match(describe(SPS), { begins: true, ends: false, keyFrame: true })
  t.match(describe(Uint8Array.from(idr(9))), { begins: true, keyFrame: true })
  t.match(describe(Uint8Array.from(slice(9))), { begins: true, keyFrame: false })
  t.match(describe(Uint8Array.from(laterSlice(9))), { begins: false, keyFrame: false })
  t.match(describe(bytes('7c85 88 01')), { begins: true, keyFrame: true })
  t.match(describe(bytes('7c05 88 01')), { begins: false, keyFrame: true })
  t.match(describe(bytes('7c41 88 01')), { begins: false, keyFrame: false })
  t.match(describe(bytes('78 0002 68ee 0003 658801')), { begins: true, keyFrame: true })
  t.end()
})

t.test('what another implementation sent', t => {
  const [first, second, third, fourth] = [0, 1, 2, 3].map(index =>
    fixtureBytes(`rtp-rtcp-sctp-aiortc/h264_000${index}.bin`),
  )
  const depacketizer = H264.createDepacketizer(MODE_1)
  t.same(
    depacketizer.join([first!])?.data,
    annexB(bytes('6742c01f8c8d40501e900f08846a'), bytes('68ce3c80')),
    'two parameter sets in a STAP-A',
  )
  t.match(describe(second!), { begins: true, keyFrame: true })
  t.match(describe(third!), { begins: false, keyFrame: true })
  t.match(describe(fourth!), { keyFrame: false })
  const idrFrame = depacketizer.join([first!, second!, third!])
  t.match(idrFrame, { keyFrame: true, video: { width: 640, height: 480 } })
  t.equal(idrFrame!.data.length, 4 + 14 + 4 + 4 + 4 + 1 + (second!.length - 2) + (third!.length - 2))
  t.same(depacketizer.join([fourth!])?.data, annexB(fourth!))
  t.end()
})

t.test('payloads out of order, without start or end, and lying lengths are refused', t => {
  const data = annexB(slice(3000))
  const [a, b, c] = bytesOf(cut(H264.createPacketizer(MODE_1, 0), { data, keyFrame: false }, 1200))
  const depacketizer = H264.createDepacketizer(MODE_1)
  const unit = Uint8Array.from(slice(9))
  const otherType = Uint8Array.from([0x5c, 0x05, 1, 2])
  const orders = [
    [],
    [b, c],
    [a, b],
    [a],
    [c],
    [a, a, b, c],
    [b, a, c],
    [a, c, b],
    [a, unit, c],
    [a, otherType, c],
    [a, b, c, c],
  ]
  for (const order of orders) t.equal(depacketizer.join(order.map(one => one!)), undefined)
  t.same(depacketizer.join([a!, b!, c!])?.data, data)
  const bad = {
    empty: '',
    'type 0': '6001',
    'forbidden bit': 'e501',
    'type 31': '7f01',
    'STAP-B': '79 0001 0001 65',
    MTAP16: '7a 0001 00 0000 0001 65',
    'FU-B': '7d85 0001 88',
    'STAP-A alone': '78',
    'STAP-A with nothing of length 0': '78 0000',
    'STAP-A with an empty unit': `78 0000 0141 ${'01'.repeat(0x141)}`,
    'STAP-A with a length beyond it': '78 0004 658801',
    'STAP-A with half a length': '78 0001 65 00',
    'STAP-A in a STAP-A': '78 0004 78 0001 65',
    'FU-A without a header': '7c',
    'FU-A of type 0': '7cc0 01',
    'FU-A of an FU-A': '7cdc 01',
  }
  for (const [what, text] of Object.entries(bad)) {
    t.equal(describe(bytes(text)), undefined, what)
    t.equal(depacketizer.join([bytes(text)]), undefined, what)
  }
  t.same(
    hex(depacketizer.join([bytes('7cc5 88 01')])!.data),
    '00000001658801',
    'one fragment that is the whole unit is taken',
  )
  t.end()
})
