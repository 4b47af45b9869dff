/** RTCDataChannel: its arguments, attributes, sending and receiving (webrtc-pc, 6.1 and 6.2). */

import t from 'tap'
import { readDcep } from '../../lib/channel/dcep.ts'
import { Channels } from '../../lib/peer/channels.ts'
import { type RTCDataChannel, type RTCDataChannelInit, RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair, type PairOptions, pattern } from '../sim/pair.ts'

const unchecked = (value: unknown) => value as never

const open = async (options: PairOptions, init?: RTCDataChannelInit, label = 'chat') => {
  const pair = createPair(options)
  let there: RTCDataChannel | undefined
  pair.b.ondatachannel = ({ channel }) => {
    there = channel
  }
  const here = pair.a.createDataChannel(label, init)
  void pair.negotiate()
  await pair.sim.run(() => here.readyState === 'open' && there?.readyState === 'open')
  const close = () => {
    pair.a.close()
    pair.b.close()
  }
  return { ...pair, here, there: there!, close }
}

/** The next messages of a channel. */
const collect = (channel: RTCDataChannel): unknown[] => {
  const received: unknown[] = []
  channel.addEventListener('message', ({ data }) => received.push(data))
  return received
}

t.test('arguments are checked', t => {
  const connection = new RTCPeerConnection()
  const refused: [unknown[], string][] = [
    [[], 'TypeError'],
    [['é'.repeat(32768)], 'TypeError'],
    [['x', { protocol: 'p'.repeat(65536) }], 'TypeError'],
    [['x', { maxRetransmits: 1, maxPacketLifeTime: 1 }], 'TypeError'],
    [['x', { maxRetransmits: 0, maxPacketLifeTime: 0 }], 'TypeError'],
    [['x', { maxRetransmits: -1 }], 'TypeError'],
    [['x', { maxPacketLifeTime: 65536 }], 'TypeError'],
    [['x', { negotiated: true }], 'TypeError'],
    [['x', { negotiated: true, id: 65535 }], 'TypeError'],
    [['x', { negotiated: true, id: 65536 }], 'TypeError'],
    [['x', { id: -1 }], 'TypeError'],
    [['x', { priority: 'urgent' }], 'TypeError'],
    [['x', 'reliable'], 'TypeError'],
  ]
  for (const [args, name] of refused) {
    t.throws(() => connection.createDataChannel(...(args as [string])), { name }, JSON.stringify(args).slice(0, 80))
  }
  t.doesNotThrow(() => connection.createDataChannel('é'.repeat(32767)))
  t.doesNotThrow(() => connection.createDataChannel('x', { id: 65535 }), 'an id that is not negotiated is ignored')
  connection.createDataChannel('x', { negotiated: true, id: 7 })
  t.throws(() => connection.createDataChannel('y', { negotiated: true, id: 7 }), { name: 'OperationError' })
  t.equal(connection.createDataChannel(unchecked(null)).label, 'null')
  t.equal(connection.createDataChannel('a\ud800').label, 'a\ufffd')
  connection.close()
  t.throws(() => connection.createDataChannel('x'), { name: 'InvalidStateError' })
  t.end()
})

t.test('attributes say what was asked for', t => {
  const connection = new RTCPeerConnection()
  const attributes = (channel: RTCDataChannel) => {
    const { label, ordered, maxPacketLifeTime, maxRetransmits, protocol, negotiated, id, priority } = channel
    return [label, ordered, maxPacketLifeTime, maxRetransmits, protocol, negotiated, id, priority]
  }
  t.strictSame(attributes(connection.createDataChannel('')), ['', true, null, null, '', false, null, 'low'])
  t.strictSame(
    attributes(
      connection.createDataChannel('a', { ordered: false, maxRetransmits: 0, protocol: 'p', priority: 'high' }),
    ),
    ['a', false, null, 0, 'p', false, null, 'high'],
  )
  t.strictSame(attributes(connection.createDataChannel('b', { maxPacketLifeTime: 65535, negotiated: true, id: 0 })), [
    'b',
    true,
    65535,
    null,
    '',
    true,
    0,
    'low',
  ])
  const channel = connection.createDataChannel('c')
  t.strictSame(
    [channel.readyState, channel.bufferedAmount, channel.bufferedAmountLowThreshold, channel.binaryType],
    ['connecting', 0, 0, 'arraybuffer'],
  )
  channel.binaryType = 'blob'
  channel.binaryType = unchecked('nodebuffer')
  t.equal(channel.binaryType, 'blob')
  channel.bufferedAmountLowThreshold = 2 ** 32 - 1
  t.equal(channel.bufferedAmountLowThreshold, 2 ** 32 - 1)
  for (const wrong of [-1, 2 ** 32, Number.NaN]) {
    t.throws(() => {
      channel.bufferedAmountLowThreshold = wrong
    }, TypeError)
  }
  t.throws(() => channel.send('x'), { name: 'InvalidStateError' })
  t.throws(() => channel.send(unchecked(null)), TypeError)
  channel.close()
  t.equal(channel.readyState, 'closing')
  connection.close()
  t.equal(channel.readyState, 'closed')
  t.end()
})

t.test('the peer sees what the channel was opened with, outside of ASCII too', async t => {
  const label = 'Grüße, 世界 👋'
  const init = { ordered: false, maxRetransmits: 3, protocol: 'протокол', priority: 'medium' } as const
  const { here, there, close } = await open({ seed: 31 }, init, label)
  for (const channel of [here, there]) {
    t.equal(channel.label, label)
    t.equal(channel.protocol, init.protocol)
    t.strictSame([channel.ordered, channel.maxRetransmits, channel.maxPacketLifeTime], [false, 3, null])
    t.equal(channel.negotiated, false)
    t.equal(channel.priority, 'medium')
  }
  t.equal(here.id, there.id)
  t.type(here.id, 'number')
  close()
})

t.test('limits of the peer that are larger than the attribute are as large as it can be', t => {
  const channels = new Channels(unchecked({ queueTask: () => {} }))
  for (const [kind, name] of [
    [1, 'maxRetransmits'],
    [2, 'maxPacketLifeTime'],
  ] as const) {
    const open = readDcep(Uint8Array.of(3, kind, 1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
    const { face } = channels.addFailed(unchecked(open), '')
    t.equal(face[name], 65_535)
  }
  t.end()
})

t.test('text, buffers, views and blobs arrive as what they are, in order', async t => {
  const { here, there, sim, close } = await open({ seed: 32 })
  const received = collect(there)
  const bytes = pattern(300, 1)
  here.send('text')
  here.send(new Blob([bytes.slice(0, 5), 'é']))
  here.send('after the blob')
  here.send(bytes.buffer as ArrayBuffer)
  here.send(new Uint8Array(bytes.buffer, 10, 20))
  here.send(new DataView(bytes.buffer, 30, 4))
  here.send(new Float64Array([1.5]))
  here.send('')
  here.send(new ArrayBuffer(0))
  here.send(new Blob([]))
  here.send(unchecked(17))
  await sim.run(() => received.length === 11)
  const told = received.map(item => (item instanceof ArrayBuffer ? [...new Uint8Array(item)] : item))
  t.strictSame(told, [
    'text',
    [...bytes.slice(0, 5), 0xc3, 0xa9],
    'after the blob',
    [...bytes],
    [...bytes.slice(10, 30)],
    [...bytes.slice(30, 34)],
    [...new Uint8Array(new Float64Array([1.5]).buffer)],
    '',
    [],
    [],
    '17',
  ])
  t.not(received[8], received[9], 'each message has a buffer of its own')
  close()
})

t.test('what cannot be sent is a TypeError', async t => {
  const { here, close } = await open({ seed: 33 })
  const wrong: unknown[] = [null, undefined, {}, [], Symbol('s'), () => {}, new Date(0), new Map()]
  for (const value of wrong) t.throws(() => here.send(unchecked(value)), TypeError)
  t.throws(() => here.send(unchecked(new SharedArrayBuffer(4))), TypeError)
  t.throws(() => here.send(unchecked(new Uint8Array(new SharedArrayBuffer(4)))), TypeError)
  t.throws(() => Reflect.apply(here.send, here, []), { message: /1 argument required/ })
  t.equal(here.bufferedAmount, 0)
  close()
})

t.test('lone surrogates are replaced', async t => {
  const { here, there, sim, close } = await open({ seed: 34 })
  const received = collect(there)
  here.send('\ufeffa\ud800b')
  await sim.run(() => received.length === 1)
  t.strictSame(received, ['\ufeffa\ufffdb'], 'and a byte order mark stays')
  close()
})

t.test('binaryType blob gives blobs', async t => {
  const { here, there, sim, close } = await open({ seed: 35 })
  const received = collect(there)
  there.binaryType = 'blob'
  here.send(pattern(10, 2))
  here.send('text')
  await sim.run(() => received.length === 2)
  t.ok(received[0] instanceof Blob)
  t.strictSame(new Uint8Array(await (received[0] as Blob).arrayBuffer()), pattern(10, 2))
  t.equal(received[1], 'text')
  close()
})

t.test('a message event is one of the platform', async t => {
  const { here, there, sim, close } = await open({ seed: 36 })
  const seen: Event[] = []
  there.onmessage = event => seen.push(event)
  here.send('x')
  await sim.run(() => seen.length === 1)
  t.equal(seen[0]!.constructor.name, 'MessageEvent')
  t.equal(seen[0]!.target, there)
  t.match(seen[0], { type: 'message', data: 'x', origin: '', lastEventId: '', bubbles: false, cancelable: false })
  close()
})

t.test('messages up to the size that the peer takes', async t => {
  const { a, here, there, sim, close } = await open({ seed: 37, b: { maxMessageSize: 100_000 } })
  t.equal(a.sctp!.maxMessageSize, 100_000)
  const received = collect(there)
  t.throws(() => here.send(new Uint8Array(100_001)), TypeError)
  t.throws(() => here.send('é'.repeat(50_001)), TypeError)
  t.throws(() => here.send(new Blob([new Uint8Array(100_001)])), TypeError)
  t.equal(here.bufferedAmount, 0)
  here.send('é'.repeat(50_000))
  here.send(new Uint8Array(100_000))
  await sim.run(() => received.length === 2)
  t.equal((received[0] as string).length, 50_000)
  t.equal((received[1] as ArrayBuffer).byteLength, 100_000)
  close()
})

t.test('bufferedAmount counts at once, falls in later tasks, and tells when it is low', async t => {
  const { here, there, sim, close } = await open({ seed: 38, network: { delay: 20, rate: 200_000 } })
  let low = 0
  here.bufferedAmountLowThreshold = 50_000
  here.onbufferedamountlow = () => {
    low++
    t.ok(here.bufferedAmount <= 50_000)
  }
  here.send('é')
  t.equal(here.bufferedAmount, 2)
  here.send(new Uint8Array(100_000))
  here.send(new Blob([new Uint8Array(1000)]))
  here.send(new Uint8Array(100_000))
  t.equal(here.bufferedAmount, 201_002)
  await undefined
  t.equal(here.bufferedAmount, 201_002, 'not within the task')
  const received = collect(there)
  await sim.run(() => received.length === 4)
  t.equal(low, 1)
  t.equal(here.bufferedAmount, 0)
  close()
})

t.test('a full buffer is an OperationError', async t => {
  const { here, close } = await open({ seed: 39 })
  const message = new Uint8Array(262_144)
  const fill = () => {
    for (let i = 0; i < 4096; i++) here.send(message)
  }
  t.throws(fill, { name: 'OperationError' })
  t.ok(here.bufferedAmount > 0)
  close()
})

t.test('close() ends the channel when everything is delivered, and its id is free again', async t => {
  const { a, here, there, sim, close } = await open({ seed: 40, network: { delay: 10 } })
  const received = collect(there)
  const log: string[] = []
  for (const [name, channel] of [
    ['here', here],
    ['there', there],
  ] as const) {
    for (const type of ['closing', 'close', 'error']) {
      channel.addEventListener(type, () => log.push(`${name} ${type}: ${channel.readyState}`))
    }
  }
  for (let i = 0; i < 100; i++) here.send(new Uint8Array(1000))
  here.send(new Blob(['last']))
  here.close()
  t.equal(here.readyState, 'closing')
  t.throws(() => here.send('late'), { name: 'InvalidStateError' })
  here.close()
  await sim.run(() => here.readyState === 'closed' && there.readyState === 'closed')
  t.equal(received.length, 101)
  t.strictSame(log.sort(), ['here close: closed', 'there close: closed', 'there closing: closing'])
  const again = a.createDataChannel('again')
  t.equal(again.id, here.id)
  await sim.run(() => again.readyState === 'open')
  close()
})

t.test('a channel can be closed before it opens', async t => {
  const pair = createPair({ seed: 41 })
  const early = pair.a.createDataChannel('early')
  const log: string[] = []
  for (const type of ['open', 'closing', 'close', 'error']) early.addEventListener(type, () => log.push(type))
  early.close()
  t.equal(early.readyState, 'closing')
  const other = pair.a.createDataChannel('other')
  void pair.negotiate()
  await pair.sim.run(() => other.readyState === 'open')
  t.equal(early.readyState, 'closed')
  t.strictSame(log, ['close'])
  pair.a.close()
  pair.b.close()
})

t.test('a channel over an association that is over fails by its events', async t => {
  const { a, b, here, sim, close } = await open({ seed: 44 })
  b.close()
  await sim.run(() => here.readyState === 'closed')
  const late = a.createDataChannel('late')
  const log: string[] = []
  late.onerror = ({ error }) => log.push(error.errorDetail)
  late.onclose = () => log.push('close')
  a.createDataChannel('at once').close()
  t.equal(late.readyState, 'connecting')
  await sim.run(() => log.length === 2)
  t.strictSame(log, ['data-channel-failure', 'close'])
  t.equal(late.readyState, 'closed')
  close()
})

t.test('negotiated channels meet by their id', async t => {
  const pair = createPair({ seed: 42 })
  const [here, there] = [pair.a, pair.b].map(connection =>
    connection.createDataChannel('chat', { negotiated: true, id: 1000 }),
  ) as [RTCDataChannel, RTCDataChannel]
  let announced = 0
  pair.b.ondatachannel = () => announced++
  const received = collect(there)
  here.onopen = () => here.send('hello')
  void pair.negotiate()
  await pair.sim.run(() => received.length === 1)
  t.equal(there.id, 1000)
  t.equal(announced, 0)
  pair.a.close()
  pair.b.close()
})

t.test('ids follow the DTLS role, in the order of creation', async t => {
  const pair = createPair({ seed: 43 })
  const channels = [pair.a.createDataChannel('one'), pair.a.createDataChannel('two')]
  const ids = () => channels.map(({ id }) => id)
  t.strictSame(ids(), [null, null])
  await pair.sim.run(pair.negotiate())
  // The answerer is the DTLS client, which has the even ids (RFC 8832, 6); the answer has settled that (webrtc-pc, 4.4.1.5).
  t.strictSame(ids(), [1, 3])
  t.equal(channels[0]?.readyState, 'connecting')
  await pair.sim.run(() => channels.every(({ readyState }) => readyState === 'open'))
  t.strictSame(ids(), [1, 3])
  t.equal(pair.b.createDataChannel('three').id, 0)
  pair.a.close()
  pair.b.close()
})
