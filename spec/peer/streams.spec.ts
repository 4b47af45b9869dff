/** Data channels as streams: backpressure both ways, the end, errors, and events again (an addition; WHATWG Streams). */

import t from 'tap'
import type { RTCConfiguration, RTCDataChannel } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

/** Two ends of an open channel, 20 ms apart. */
const open = async (options: { a?: RTCConfiguration; b?: RTCConfiguration } = {}) => {
  const pair = createPair({ seed: 11, network: { delay: 20 }, ...options })
  const near = pair.a.createDataChannel('stream', { negotiated: true, id: 1 })
  const far = pair.b.createDataChannel('stream', { negotiated: true, id: 1 })
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => near.readyState === 'open' && far.readyState === 'open')
  return { ...pair, near, far }
}
const bytes = (value: unknown) => (value instanceof ArrayBuffer ? value.byteLength : value)

t.test('messages are read in order, one at a time, and come as events no more', async t => {
  const { sim, near, far, a, b } = await open()
  const events: unknown[] = []
  far.onmessage = ({ data }) => events.push(data)
  const reader = far.readable.getReader()
  t.equal(far.readable, far.readable)
  near.send('one')
  near.send(new Uint8Array(3))
  near.send('')
  await sim.run(sim.now() + 100)
  const read = async () => bytes((await sim.run(reader.read())).value)
  t.same([await read(), await read(), await read()], ['one', 3, ''])
  const pending = reader.read()
  near.send('later')
  t.equal((await sim.run(pending)).value, 'later')
  near.send('kept until the end')
  near.close()
  await sim.run(() => far.readyState === 'closed')
  t.equal(await read(), 'kept until the end')
  t.equal((await sim.run(reader.read())).done, true)
  await sim.run(reader.closed)
  t.same(events, [])
  a.close()
  b.close()
})

t.test('a peer whose messages nobody reads has to wait; nothing is lost', async t => {
  const receiveWindow = 200_000
  const { sim, near, far, a, b } = await open({ b: { sctp: { receiveWindow } } })
  const messages = far[Symbol.asyncIterator]()
  for (let i = 0; i < 200; i++) near.send(new Uint8Array(10_000).fill(i))
  await sim.run(sim.now() + 10_000)
  const received = async () => {
    for (const [, item] of await sim.run(b.getStats())) if (item.type === 'data-channel') return item.bytesReceived
    return 0
  }
  const before = await received()
  t.ok(before >= receiveWindow / 2 && before <= 1.2 * receiveWindow, `${before} bytes are kept`)
  t.ok(near.bufferedAmount > 1_000_000, 'the rest waits where it comes from')
  await sim.run(sim.now() + 60_000)
  t.equal(await received(), before, 'however long that is')
  for (let i = 0; i < 200; i++) {
    const { value } = await sim.run(messages.next())
    const view = new Uint8Array(value as ArrayBuffer)
    if (view.length !== 10_000 || view[0] !== (i & 0xff)) t.fail(`message ${i}`)
  }
  t.equal(near.bufferedAmount, 0)
  a.close()
  b.close()
})

t.test('what is written waits while much is to be sent', async t => {
  const { sim, near, far, a, b } = await open()
  const writer = near.writable.getWriter()
  let received = 0
  far.onmessage = ({ data }) => {
    received += (data as ArrayBuffer).byteLength
  }
  let largest = 0
  const write = async () => {
    for (let i = 0; i < 40; i++) {
      await writer.ready
      void writer.write(new Uint8Array(100_000))
      largest = Math.max(largest, near.bufferedAmount)
    }
    await writer.close()
  }
  await sim.run(write(), { limit: 600_000 })
  t.ok(largest > 900_000 && largest <= (1 << 20) + 100_000, `${largest} bytes at most`)
  t.equal(received, 4_000_000)
  t.equal(near.readyState, 'closed', 'closing the stream closes the channel, behind all of it')
  a.close()
  b.close()
})

t.test('writing waits for the channel to open; text, views, and Blobs are messages', async t => {
  const pair = createPair({ seed: 12, network: { delay: 20 } })
  const channel = pair.a.createDataChannel('early')
  const heard: unknown[] = []
  pair.b.ondatachannel = async ({ channel }) => {
    for await (const message of channel) heard.push(bytes(message))
    heard.push('over')
  }
  const writer = channel.writable.getWriter()
  const writes = ['text', new Uint16Array(4), new Blob(['blob']), new ArrayBuffer(1)].map(chunk => writer.write(chunk))
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(Promise.all(writes))
  await pair.sim.run(writer.close())
  await pair.sim.run(() => heard.at(-1) === 'over')
  t.same(heard, ['text', 8, 4, 1, 'over'])
  t.throws(() => channel.send('x'), { name: 'InvalidStateError' })
  pair.a.close()
  pair.b.close()
})

t.test('a loop that is left goes on in the next one; cancelling brings the events back', async t => {
  const { sim, near, far, a, b } = await open()
  far.binaryType = 'blob'
  const first = async (channel: RTCDataChannel) => {
    for await (const message of channel) return message
    return undefined
  }
  near.send('1')
  near.send(new Uint8Array(2))
  near.send('3')
  t.equal(await sim.run(first(far)), '1')
  await sim.run(sim.now() + 100)
  const blob = await sim.run(first(far))
  t.equal(blob instanceof Blob && blob.size, 2)
  await sim.run(far.readable.cancel())
  const events: unknown[] = []
  far.onmessage = ({ data }) => events.push(data)
  near.send('4')
  await sim.run(() => events.length > 0)
  t.same(events, ['4'])
  near.send('5')
  const again = first(far)
  t.equal(await sim.run(again), '5', 'and it can be read again')
  a.close()
  b.close()
})

t.test('a failure ends both streams with the error of the channel, after what came before', async t => {
  const { sim, near, far, a } = await open()
  const reader = far.readable.getReader()
  const writer = far.writable.getWriter()
  const failed: unknown[] = []
  far.onerror = ({ error }) => failed.push(error)
  near.send('last words')
  await sim.run(sim.now() + 100)
  a.close()
  await sim.run(() => far.readyState === 'closed')
  t.equal((await sim.run(reader.read())).value, 'last words')
  const [error] = failed
  t.match(error, { errorDetail: 'sctp-failure', sctpCauseCode: 12 })
  for (const attempt of [() => reader.read(), () => writer.write('x'), () => far[Symbol.asyncIterator]().next()]) {
    t.equal(await sim.run(attempt().catch((reason: unknown) => reason)), error)
  }
  t.equal(failed.length, 1)
})

t.test('the peer closes: what is being written fails; by our own hand nothing does', async t => {
  const { sim, near, far, a, b } = await open()
  const writer = far.writable.getWriter()
  near.close()
  await sim.run(() => far.readyState === 'closed')
  await t.rejects(sim.run(writer.write('x')), { name: 'InvalidStateError' })
  const late = near[Symbol.asyncIterator]()
  t.same(await sim.run(late.next()), { done: true, value: undefined })
  const other = a.createDataChannel('other')
  const pending = other[Symbol.asyncIterator]().next()
  await sim.run(() => other.readyState === 'open')
  a.close()
  t.same(await sim.run(pending), { done: true, value: undefined })
  b.close()
})

t.test('what nobody will read holds no other channel up once its own is closed, or its stream cancelled', async t => {
  for (const end of ['close', 'cancel'] as const) {
    const { sim, near, far, a, b } = await open({ b: { sctp: { receiveWindow: 50_000 } } })
    const heard: unknown[] = []
    b.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => heard.push(data)
    }
    const other = a.createDataChannel('other')
    await sim.run(() => other.readyState === 'open')
    await sim.run(sim.now() + 100)
    const { readable } = far
    for (let i = 0; i < 20; i++) near.send(new Uint8Array(10_000))
    await sim.run(sim.now() + 5000)
    other.send('held up')
    await sim.run(sim.now() + 5000)
    t.same(heard, [])
    if (end === 'close') {
      far.close()
      const { value } = await sim.run(readable.getReader().read())
      t.equal(bytes(value), 10_000, 'it can be read all the same')
    } else await sim.run(readable.cancel())
    await sim.run(() => heard.length > 0)
    t.same(heard, ['held up'], end)
    a.close()
    b.close()
  }
})

t.test('aborting does not wait for the peer', async t => {
  const pair = createPair({ seed: 13, network: { delay: 20 } })
  const early = pair.a.createDataChannel('early').writable.getWriter()
  const waiting = early.write('x').catch((reason: unknown) => reason)
  await pair.sim.run(early.abort('not wanted'))
  t.equal(await waiting, 'not wanted')

  const { sim, near, far, a, b } = await open({ b: { sctp: { receiveWindow: 50_000 } } })
  // Nobody reads, so that nothing moves.
  const { readable } = far
  const writer = near.writable.getWriter()
  const stuck = writer.write(new Uint8Array(200_000)).catch((reason: unknown) => reason)
  for (let i = 0; i < 10; i++) writer.write(new Uint8Array(200_000)).catch(() => {})
  await sim.run(sim.now() + 5000)
  await sim.run(writer.abort('enough'), { limit: 1000 })
  t.equal(near.readyState, 'closing')
  t.ok((await stuck) === undefined || (await stuck) === 'enough')
  t.equal(readable.locked, false)
  for (const connection of [a, b, pair.a, pair.b]) connection.close()
})

t.test('a Blob that is too large is not read', async t => {
  const { sim, near, a, b } = await open()
  const blob = new Blob([new Uint8Array(262_145)])
  blob.arrayBuffer = () => {
    t.fail('it is read')
    return Promise.resolve(new ArrayBuffer(0))
  }
  await t.rejects(sim.run(near.writable.getWriter().write(blob)), TypeError)
  a.close()
  b.close()
})

t.test('who closes the connection while a stream is being closed is told that it may not have been sent', async t => {
  const { sim, near, a, b } = await open()
  const writer = near.writable.getWriter()
  await sim.run(writer.write(new Uint8Array(200_000)))
  const closed = writer.close().catch((reason: unknown) => reason)
  await sim.run(sim.now() + 1)
  a.close()
  t.match(await sim.run(closed), { name: 'InvalidStateError' })
  b.close()
})

t.test('a channel that has failed says so to whoever begins to read it afterwards', async t => {
  const { sim, far, a } = await open()
  let failed: unknown
  far.onerror = ({ error }) => {
    failed = error
  }
  a.close()
  await sim.run(() => far.readyState === 'closed')
  t.ok(failed)
  t.equal(
    await far.readable
      .getReader()
      .read()
      .catch((reason: unknown) => reason),
    failed,
  )
  t.equal(
    await far[Symbol.asyncIterator]()
      .next()
      .catch((reason: unknown) => reason),
    failed,
  )
})
