/** Sinks write what they are told in formats that others read: pcapng blocks, key log lines, JSON lines. */

import t from 'tap'
import { concatBytes, fromUtf8, Reader } from '../../lib/bytes/index.ts'
import { combineSinks, eventLogSink, keyLogSink, pcapngSink } from '../../lib/trace/index.ts'

interface Block {
  readonly type: number
  readonly body: Reader
}

/** The blocks of a file, whose lengths at both ends must agree and be multiples of four. */
const blocksOf = (file: Uint8Array): Block[] => {
  const blocks: Block[] = []
  const r = new Reader(file)
  while (r.remaining > 0) {
    const type = r.u32()
    const length = r.u32()
    const body = new Reader(r.view(length - 12))
    if (length % 4 !== 0 || r.u32() !== length || r.failed) throw new Error('a block whose lengths do not agree')
    blocks.push({ type, body })
  }
  return blocks
}

const optionsOf = (r: Reader): Map<number, Uint8Array> => {
  const options = new Map<number, Uint8Array>()
  for (;;) {
    const code = r.u16()
    const value = r.vector16()
    if (code === 0) return options
    options.set(code, value)
    r.skip((4 - (value.length % 4)) % 4)
  }
}

t.test('a pcapng file: section, an interface a layer, packets with time and direction', t => {
  const pieces: Uint8Array[] = []
  const sink = pcapngSink(bytes => pieces.push(bytes), { timeOrigin: 1_767_225_600_000 })
  t.equal(pieces.length, 1)
  const packet = new Uint8Array([1, 2, 3, 4, 5])
  sink.packet!('sctp', 'out', packet, 1.5)
  packet.fill(9)
  sink.packet!('ice', 'in', new Uint8Array([6]), 2)
  sink.packet!('sctp', 'in', new Uint8Array(0), 3)
  const blocks = blocksOf(concatBytes(...pieces))
  t.same(
    blocks.map(({ type }) => type),
    [0x0a0d0d0a, 1, 6, 1, 6, 6],
  )
  const [section, sctp, first, ice, second, third] = blocks.map(({ body }) => body)

  t.equal(section!.u32(), 0x1a2b3c4d)
  t.equal(section!.u16(), 1)
  section!.skip(10)
  t.equal(fromUtf8(optionsOf(section!).get(4)!), 'purertc')

  t.equal(sctp!.u16(), 248)
  sctp!.skip(6)
  t.equal(fromUtf8(optionsOf(sctp!).get(2)!), 'sctp')
  t.equal(ice!.u16(), 252)
  ice!.skip(6)
  t.equal(fromUtf8(optionsOf(ice!).get(2)!), 'ice')

  const read = (r: Reader) => {
    const id = r.u32()
    const microseconds = r.u32() * 0x1_0000_0000 + r.u32()
    const captured = r.u32()
    const original = r.u32()
    const bytes = [...r.view(captured)]
    r.skip((4 - (captured % 4)) % 4)
    const direction = [...optionsOf(r).get(2)!]
    return { id, microseconds, original, bytes, direction, failed: r.failed }
  }
  const origin = 1_767_225_600_000_000
  t.same(read(first!), {
    id: 0,
    microseconds: origin + 1500,
    original: 5,
    bytes: [1, 2, 3, 4, 5],
    direction: [0, 0, 0, 2],
    failed: false,
  })
  // An exported PDU: the name of its dissector, padded, then the end of tags, then the PDU.
  const name = [0, 12, 0, 8, ...Buffer.from('stun-udp'), 0, 0, 0, 0]
  t.match(read(second!), { id: 1, microseconds: origin + 2000, bytes: [...name, 6], direction: [0, 0, 0, 1] })
  t.match(read(third!), { id: 0, bytes: [], direction: [0, 0, 0, 1] })
  t.end()
})

t.test('key log and events are written line by line', t => {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  keyLogSink(write).keyLog!('CLIENT_RANDOM 00 11')
  t.equal(text, 'CLIENT_RANDOM 00 11\n')
  text = ''
  const sink = eventLogSink(write, { timeOrigin: 1000 })
  sink.event!('dtls', 'state', { state: 'connected' }, 12.5)
  sink.event!('ice', 'odd', { priority: 2n ** 63n, bytes: new Uint8Array([0xab, 1]), text: 'two\nlines', time: 0 }, 13)
  t.same(
    text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { time: 1012.5, layer: 'dtls', name: 'state', state: 'connected' },
      { time: 1013, layer: 'ice', name: 'odd', priority: '9223372036854775808', bytes: 'ab01', text: 'two\nlines' },
    ],
  )
  t.end()
})

t.test('several sinks as one take what any of them takes, and nothing else', t => {
  const log: string[] = []
  const combined = combineSinks(
    keyLogSink(line => log.push(`a ${line}`)),
    eventLogSink(line => log.push(`b ${line}`)),
    keyLogSink(line => log.push(`c ${line}`)),
  )
  combined.keyLog!('x')
  combined.event!('sctp', 'y', {}, 0)
  t.same(log, ['a x\n', 'c x\n', 'b {"time":0,"layer":"sctp","name":"y"}\n'])
  t.equal(combined.packet, undefined)
  t.same(Object.keys(combineSinks()), [])
  t.end()
})
