/** What a sender writes: the form of its header extensions, and frames as an encoder gives them. */

import t from 'tap'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { type EXTENSIONS, FlowPair, h264Frame, LEVEL, MID, receiving, SEND_TIME, sending } from './pair.ts'

t.test('writes two-byte elements throughout where an id needs them and forms may not be mixed (RFC 8285, 4.1.2)', t => {
  const profileOf = (extensions: typeof EXTENSIONS, mixedExtensions: boolean): number[] => {
    const pair = new FlowPair()
    const { sender } = pair.stream('video', sending({ extensions, mixedExtensions }), receiving())
    sender.sendFrame(h264Frame(0, true, 3000), {}, pair.now)
    const headers = pair.headers('a')
    t.ok(headers.length > 1)
    for (const packet of headers)
      for (const { id, uri } of extensions) t.equal(packet.findExtension(id), uri !== LEVEL.uri)
    return [...new Set(headers.map(({ extensionProfile }) => extensionProfile))]
  }
  t.same(profileOf([SEND_TIME, MID], false), [0xbede])
  t.same(profileOf([SEND_TIME, { ...MID, id: 15 }], false), [0x1000])
  t.same(profileOf([SEND_TIME, MID, { ...LEVEL, id: 200 }], false), [0x1000], 'though it is not in the packet')
  t.same(profileOf([SEND_TIME, MID], true), [0xbede])
  t.same(profileOf([SEND_TIME, { ...MID, id: 255 }], true), [0x1000])
  t.end()
})

t.test('sends frames whose units have lengths in front, with the sets of their description', t => {
  const pair = new FlowPair()
  const { sender, receiver } = pair.stream('video', sending(), receiving())
  const frames: EncodedFrame[] = []
  receiver.onFrame = frame => frames.push(frame)
  const sequence = [0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe9]
  const picture = [0x68, 0xce, 0x3c, 0x80]
  const description = Uint8Array.of(1, 0x42, 0xe0, 0x1f, 0xff, 0xe1, 0, 9, ...sequence, 1, 0, 4, ...picture)
  const unit = [0x65, 0x88, 0x80, 1, 2, 3]
  const data = Uint8Array.of(0, 0, 0, unit.length, ...unit)
  const source = {}
  t.ok(sender.sendFrame({ ...h264Frame(0, true, 10), data, description }, source, pair.now))
  pair.run(100)
  const start = [0, 0, 0, 1]
  t.same(frames[0]?.data, Uint8Array.of(...start, ...sequence, ...start, ...picture, ...start, ...unit))
  const length = Uint8Array.of(0, 0, 9, 9, 1)
  t.notOk(
    sender.sendFrame({ ...h264Frame(1, false, 10), data: length, description }, source, pair.now),
    'a lying length',
  )
  t.equal(sender.counters.packetsDiscarded, 1)
  pair.run(100)
  t.equal(frames.length, 1)
  t.end()
})
