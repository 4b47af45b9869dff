/** The header extensions of video: their bytes as their documents give them, back again, and lengths they cannot have. */

import * as rtp from 'purertc/rtp'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { get, put, refuses } from './element.ts'

t.test('the orientation of video (TS 26.114)', t => {
  for (let bits = 0; bits < 16; bits++) {
    const byte = hex(Uint8Array.of(bits))
    const orientation = get(rtp.readVideoOrientation, byte)!
    t.equal(orientation.rotation, [0, 90, 180, 270][bits & 3])
    t.equal(orientation.flipped, (bits & 4) !== 0)
    t.equal(orientation.backFacing, (bits & 8) !== 0)
    t.equal(
      put(writer => rtp.putVideoOrientation(writer, 5, orientation)),
      byte,
    )
  }
  t.equal(get(rtp.readVideoOrientation, 'f1'), get(rtp.readVideoOrientation, '01'))
  refuses(t, rtp.readVideoOrientation, [0])
  t.end()
})

t.test('the delay of playout', t => {
  const delay = { min: -1, max: -1 }
  const read = (bytes: Uint8Array, start: number, end: number): boolean =>
    rtp.readPlayoutDelay(bytes, start, end, delay)
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 100, 40_950)),
    '00afff',
  )
  t.ok(get(read, '00afff'))
  t.strictSame(delay, { min: 100, max: 40_950 })
  t.notOk(get(read, 'fff00a'), 'the least above the most')
  for (const element of ['', '0000', '00000000']) t.notOk(get(read, element))
  t.strictSame(delay, { min: 100, max: 40_950 }, 'as it was')
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 20, 10)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 0, 40_960)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, -10, 0)),
    undefined,
  )
  t.end()
})

t.test('the content of video, and its timing', t => {
  t.equal(
    put(writer => rtp.putVideoContentType(writer, 5, 'screenshare')),
    '01',
  )
  t.equal(get(rtp.readVideoContentType, '01'), 'screenshare')
  t.equal(get(rtp.readVideoContentType, '00'), 'unspecified')
  refuses(t, rtp.readVideoContentType, [0, 2])
  // A packet of Chromium.
  const timing = {
    byTimer: true,
    bySize: false,
    encodeStart: 1,
    encodeFinish: 6,
    packetizationFinish: 7,
    pacerExit: 21,
    network: 0,
    secondNetwork: 0,
  }
  t.strictSame(get(rtp.readVideoTiming, '01000100060007001500000000'), timing)
  t.equal(
    put(writer => rtp.putVideoTiming(writer, 5, timing)),
    '01000100060007001500000000',
  )
  t.strictSame(get(rtp.readVideoTiming, '000100060007001500000000'), { ...timing, byTimer: false }, 'without flags')
  t.equal(
    put(writer => rtp.putVideoTiming(writer, 5, { ...timing, bySize: true, pacerExit: 1e6, network: -1 })),
    '0300010006' + '0007ffff00000000',
  )
  refuses(t, rtp.readVideoTiming, [0, 11, 14])
  t.end()
})

t.test('the colour space, with metadata of high dynamic range', t => {
  const space = { primaries: 9, transfer: 16, matrix: 9, range: 1, horizontalSiting: 2, verticalSiting: 1 }
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, space)),
    '09100919',
  )
  t.strictSame(get(rtp.readColorSpace, '09100919'), space)
  const hdr = {
    maxLuminance: 1000,
    minLuminance: 0.005,
    red: { x: 0.708, y: 0.292 },
    green: { x: 0.17, y: 0.797 },
    blue: { x: 0.131, y: 0.046 },
    white: { x: 0.3127, y: 0.329 },
    maxContentLightLevel: 1200,
    maxFrameAverageLightLevel: 400,
  }
  const bytes = '0910091903e800328a48390821349baa199608fc3d13404204b00190'
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, { ...space, hdr })),
    bytes,
  )
  t.strictSame(get(rtp.readColorSpace, bytes), { ...space, hdr })
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, { ...space, hdr }), false),
    undefined,
    'not in one byte',
  )
  refuses(t, rtp.readColorSpace, [0, 3, 5, 27, 29])
  t.end()
})

t.test('what is given to each layer', t => {
  const both: [rtp.VideoLayersAllocation, string][] = [
    [{ stream: 0, streams: 1, layers: [] }, '00'],
    [{ stream: 0, streams: 1, layers: [{ stream: 0, spatialLayer: 0, bitrates: [50, 100] }] }, '0140' + '3264'],
    // Two streams with the same layers; a bitrate of two bytes.
    [
      {
        stream: 1,
        streams: 2,
        layers: [
          { stream: 0, spatialLayer: 0, bitrates: [100] },
          { stream: 1, spatialLayer: 0, bitrates: [1000] },
        ],
      },
      '51' + '00' + '64e807',
    ],
    // Three streams, each with other layers; sizes.
    [
      {
        stream: 2,
        streams: 3,
        layers: [
          { stream: 0, spatialLayer: 0, bitrates: [1], resolution: { width: 320, height: 180, frameRate: 15 } },
          { stream: 2, spatialLayer: 0, bitrates: [2, 3, 4], resolution: { width: 640, height: 360, frameRate: 30 } },
          { stream: 2, spatialLayer: 1, bitrates: [5], resolution: { width: 65536, height: 1, frameRate: 255 } },
        ],
      },
      'a0' + '1030' + '20' + '0102030405' + '013f00b30f' + '027f01671e' + 'ffff0000ff',
    ],
  ]
  for (const [allocation, bytes] of both) {
    t.equal(
      put(writer => rtp.putVideoLayersAllocation(writer, 5, allocation)),
      bytes,
    )
    t.strictSame(get(rtp.readVideoLayersAllocation, bytes), allocation)
    for (let length = 2; length < bytes.length; length += 2) {
      const cut = get(rtp.readVideoLayersAllocation, bytes.slice(0, length))
      // Cut exactly in front of the sizes it is whole, and has none.
      if (cut !== undefined) t.ok(cut.layers.every(({ resolution }) => resolution === undefined))
    }
  }
  t.equal(get(rtp.readVideoLayersAllocation, ''), undefined)
  t.equal(get(rtp.readVideoLayersAllocation, '810064'), undefined, 'a stream that is not among them')
  t.equal(get(rtp.readVideoLayersAllocation, '000000'), undefined, 'no layers, in the long form')
  t.equal(get(rtp.readVideoLayersAllocation, '0100ffffffffff01'), undefined, 'a number without an end')
  const layer = { stream: 0, spatialLayer: 0, bitrates: [1] }
  const resolution = { width: 1, height: 1, frameRate: 1 }
  for (const layers of [
    [layer, layer],
    [{ ...layer, spatialLayer: 4 }],
    [{ ...layer, stream: 1 }],
    [{ ...layer, bitrates: [] }],
    [{ ...layer, bitrates: [1, 2, 3, 4, 5] }],
    [
      { ...layer, resolution },
      { ...layer, spatialLayer: 1 },
    ],
  ]) {
    t.equal(
      put(writer => rtp.putVideoLayersAllocation(writer, 5, { stream: 0, streams: 1, layers })),
      undefined,
    )
  }
  t.end()
})
