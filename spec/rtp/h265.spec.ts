import { emptyPayloadInfo, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { fromBase64, fromHex, hex } from '../../lib/bytes/index.ts'
import { annexB, bytesOf, cut, filling } from './cut.ts'

const H265 = payloadFormat('H265')!
const NONE = new Map<string, string>()
const bytes = (text: string) => fromHex(text.replaceAll(' ', ''))!

/** Of FFmpeg's test stream: main profile, 322 x 182. */
const PROPERTIES = new Map([
  ['sprop-vps', 'QAEMAf//AWAAAAMAkAAAAwAAAwA8ugJA'],
  ['sprop-sps', 'QgEBAWAAAAMAkAAAAwAAAwA8oApIC5yVlupJMrwFoCAAAAMAIAAAAwPB'],
  ['sprop-pps', 'RAHBcrRCQA=='],
])
const [VPS, SPS, PPS] = [...PROPERTIES.values()].map(text => fromBase64(text)!) as [Uint8Array, Uint8Array, Uint8Array]
/** First slice segment, picture parameter set 0. */
const idr = (length: number) => [0x28, 0x01, 0xaf, ...filling(length - 3)]
const cra = (length: number) => [0x2a, 0x01, 0xaf, ...filling(length - 3)]
/** Type 1 (TRAIL_R). */
const slice = (length: number, temporalId = 0) => [0x02, 1 + temporalId, 0xd0, ...filling(length - 3)]
const laterSlice = (length: number) => [0x02, 0x01, 0x50, ...filling(length - 3)]

const describe = (payload: Uint8Array, parameters: ReadonlyMap<string, string> = NONE) => {
  const info = emptyPayloadInfo()
  return H265.createDepacketizer(parameters).describe(payload, 0, payload.length, info) ? info : undefined
}

t.test('small units go together in an AP, a large one in FUs', t => {
  const data = annexB(VPS, SPS, PPS, idr(2500))
  const payloads = cut(H265.createPacketizer(NONE, 0), { data, keyFrame: true }, 1200)
  t.same(
    payloads.map(({ bytes }) => hex(bytes.subarray(0, 3))),
    ['600100', '620194', '620114', '620154'],
  )
  t.same(
    payloads.map(({ last }) => last),
    [false, false, false, true],
  )
  t.ok(payloads.every(({ bytes }) => bytes.length <= 1200))
  const frame = H265.createDepacketizer(NONE).join(bytesOf(payloads))
  t.same(frame, { data, keyFrame: true, video: { temporalLayer: 0, width: 322, height: 182 } })
  t.end()
})

t.test('an aggregate has the lowest temporal id of what is in it', t => {
  const data = annexB(slice(20, 2), slice(20, 1), slice(20, 2))
  const [payload] = cut(H265.createPacketizer(NONE, 0), { data, keyFrame: false }, 1200)
  t.equal(hex(payload!.bytes.subarray(0, 4)), '60020014')
  t.match(describe(payload!.bytes), { temporalLayer: 1, begins: true, keyFrame: false })
  t.same(H265.createDepacketizer(NONE).join([payload!.bytes]), { data, keyFrame: false, video: { temporalLayer: 1 } })
  t.end()
})

t.test('a random access picture without parameter sets gets those last seen, on either side', t => {
  const video = { temporalLayer: 0, width: 322, height: 182 }
  const packetizer = H265.createPacketizer(NONE, 0)
  cut(packetizer, { data: annexB(VPS, SPS, PPS, idr(50)), keyFrame: true }, 1200)
  const again = cut(packetizer, { data: annexB([0x46, 0x01, 0x50], cra(60)), keyFrame: true }, 1200)
  const expected = annexB([0x46, 0x01, 0x50], VPS, SPS, PPS, cra(60))
  t.same(H265.createDepacketizer(NONE).join(bytesOf(again)), { data: expected, keyFrame: true, video })
  const told = H265.createDepacketizer(PROPERTIES)
  t.same(told.join([Uint8Array.from(idr(50))]), { data: annexB(VPS, SPS, PPS, idr(50)), keyFrame: true, video })
  const ignorant = H265.createDepacketizer(NONE)
  t.same(ignorant.join([Uint8Array.from(idr(50))]), {
    data: annexB(idr(50)),
    keyFrame: false,
    video: { temporalLayer: 0 },
  })
  ignorant.join([VPS, SPS, Uint8Array.from(slice(9, 0))])
  t.match(ignorant.join([Uint8Array.from(idr(50))]), { keyFrame: false }, 'two of three')

  const array = (type: number, unit: Uint8Array) => [0x80 | type, 0, 1, 0, unit.length, ...unit]
  const description = Uint8Array.from([
    1,
    ...new Uint8Array(20),
    3,
    3,
    ...array(32, VPS),
    ...array(33, SPS),
    ...array(34, PPS),
  ])
  const unit = idr(40)
  const data = Uint8Array.from([0, 0, 0, unit.length, ...unit])
  const payloads = cut(H265.createPacketizer(NONE, 0), { data, keyFrame: true, description }, 1200)
  t.same(ignorant.join(bytesOf(payloads))?.data, annexB(VPS, SPS, PPS, unit))
  t.end()
})

t.test('payloads say where frames begin, whether they are of a key frame, and their temporal layer', t => {
  t.match(describe(VPS), { begins: true, ends: false, keyFrame: true })
  t.match(describe(Uint8Array.from(idr(9))), { begins: true, keyFrame: true, temporalLayer: 0 })
  t.match(describe(Uint8Array.from(cra(9))), { begins: true, keyFrame: true })
  t.match(describe(Uint8Array.from(slice(9, 1))), { begins: true, keyFrame: false, temporalLayer: 1 })
  t.match(describe(Uint8Array.from(laterSlice(9))), { begins: false, keyFrame: false })
  t.match(describe(bytes('6201 93 af')), { begins: true, keyFrame: true })
  t.match(describe(bytes('6201 13 af')), { begins: false, keyFrame: true })
  t.match(describe(bytes('6201 41 af')), { begins: false, keyFrame: false })
  t.end()
})

t.test('decoding order numbers are taken off where the description says that they are there (4.4.1)', t => {
  const depacketizer = H265.createDepacketizer(new Map([['sprop-max-don-diff', '2']]))
  const single = bytes('0201 0007 d00102')
  t.same(depacketizer.join([single])?.data, annexB(bytes('0201 d00102')))
  const aggregate = bytes('6001 0007 0004 0201d001 00 0005 0201500102')
  t.same(depacketizer.join([aggregate])?.data, annexB(bytes('0201d001'), bytes('0201500102')))
  const fragments = ['6201 81 0007 d001', '6201 01 0203', '6201 41 04'].map(bytes)
  t.same(depacketizer.join(fragments)?.data, annexB(bytes('0201 d00102 0304')))
  t.same(H265.createDepacketizer(new Map([['sprop-max-don-diff', '0']])).join([single])?.data, annexB(single))
  const parameters = new Map([['sprop-max-don-diff', '2']])
  t.match(describe(single, parameters), { begins: true })
  t.match(describe(aggregate, parameters), { begins: true })
  t.match(describe(fragments[0]!, parameters), { begins: true })
  for (const short of ['0201 00', '6001 0007', '6001 0007 0004 0201d001 00', '6201 c1 00']) {
    t.equal(describe(bytes(short), parameters), undefined, short)
    t.equal(depacketizer.join([bytes(short)]), undefined, short)
  }
  t.end()
})

t.test('payloads out of order, without start or end, and lying lengths are refused', t => {
  const data = annexB(slice(3000))
  const [a, b, c] = bytesOf(cut(H265.createPacketizer(NONE, 0), { data, keyFrame: false }, 1200))
  const depacketizer = H265.createDepacketizer(NONE)
  const unit = Uint8Array.from(slice(9))
  const otherType = bytes('6201 03 01')
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
    'half a header': '02',
    'forbidden bit': '8201 01',
    'no temporal id': '0200 01',
    'type 63': '7e01 01',
    PACI: '6401 0000 01',
    'AP alone': '6001',
    'AP with nothing of length 0': '6001 0000',
    'AP with a length beyond it': '6001 0005 0201d001',
    'AP with half a length': '6001 0004 0201d001 00',
    'AP in an AP': '6001 0004 60010001',
    'FU without a header': '6201',
    'FU of an FU': '6201 f1 01',
  }
  for (const [what, text] of Object.entries(bad)) {
    t.equal(describe(bytes(text)), undefined, what)
    t.equal(depacketizer.join([bytes(text)]), undefined, what)
  }
  t.end()
})

t.test('what is no frame makes no payload', t => {
  const packetizer = H265.createPacketizer(NONE, 0)
  for (const unit of ['', '02', '0201', '8201d0', '6001d0', '0200d0']) {
    t.same(cut(packetizer, { data: annexB(bytes(unit)), keyFrame: false }, 1200), [], unit)
  }
  t.equal(
    cut(packetizer, { data: annexB(bytes('4a01')), keyFrame: false }, 1200).length,
    1,
    'an end of bitstream is a header alone',
  )
  t.end()
})
