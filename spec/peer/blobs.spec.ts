/** Blobs among what is sent: their bytes come later, and whatever becomes of them, all else is as if they were there. */

import t from 'tap'
import type { RTCConfiguration, RTCDataChannel } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

/** A Blob whose bytes come, or fail to, when the spec says so. */
class LateBlob extends Blob {
  read: () => void = () => {}
  fail: (error: Error) => void = () => {}
  readonly #bytes: Promise<ArrayBuffer>

  constructor(size: number) {
    super([new Uint8Array(size)])
    this.#bytes = new Promise((resolve, reject) => {
      this.read = () => resolve(new ArrayBuffer(size))
      this.fail = reject
    })
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes
  }
}

const open = async (a: RTCConfiguration = {}) => {
  const pair = createPair({ seed: 51, network: { delay: 5 }, a })
  const near = pair.a.createDataChannel('x', { negotiated: true, id: 0 })
  const far = pair.b.createDataChannel('x', { negotiated: true, id: 0 })
  const heard: number[] = []
  far.onmessage = ({ data }) => heard.push((data as ArrayBuffer).byteLength)
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => near.readyState === 'open' && far.readyState === 'open')
  const close = () => {
    pair.a.close()
    pair.b.close()
  }
  const wait = () => pair.sim.run(pair.sim.now() + 200)
  return { ...pair, near, far, heard, close, wait }
}

/** The amounts at which `bufferedamountlow` was fired. */
const lows = (channel: RTCDataChannel): number[] => {
  const amounts: number[] = []
  channel.onbufferedamountlow = () => amounts.push(channel.bufferedAmount)
  return amounts
}

t.test('what waits for a Blob has its place in the buffer: send() refuses, and nothing is lost later', async t => {
  const { a, near, heard, close, wait, sim } = await open({ sctp: { sendBufferLimit: 100_000 } })
  const other = a.createDataChannel('other')
  await sim.run(() => other.readyState === 'open')
  const errors: unknown[] = []
  near.onerror = event => errors.push(event)
  const blob = new LateBlob(60_000)
  near.send(blob)
  near.send(new Uint8Array(30_000))
  t.throws(() => near.send(new Uint8Array(10_001)), { name: 'OperationError' })
  t.throws(() => near.send(new Blob([new Uint8Array(10_001)])), { name: 'OperationError' })
  t.throws(() => other.send(new Uint8Array(10_001)), { name: 'OperationError' }, 'on other channels too')
  t.equal(near.bufferedAmount, 90_000)
  t.equal(other.bufferedAmount, 0)
  other.send(new Uint8Array(10_000))
  blob.read()
  await wait()
  t.same(heard, [60_000, 30_000])
  t.same(errors, [])
  near.send(new Uint8Array(100_000))
  await wait()
  t.equal(heard.length, 3, 'and the room is there again')
  const failing = new LateBlob(100_000)
  near.send(failing)
  t.throws(() => near.send('x'), { name: 'OperationError' })
  failing.fail(new Error('gone'))
  await wait()
  near.send(new Uint8Array(100_000))
  await wait()
  const last = new LateBlob(1)
  near.send(last)
  near.close()
  last.read()
  await wait()
  t.equal(near.readyState, 'closed')
  other.send(new Uint8Array(100_000))
  close()
})

t.test('bufferedamountlow counts what waits for a Blob', async t => {
  const { near, heard, close, wait } = await open()
  const amounts = lows(near)
  near.bufferedAmountLowThreshold = 100_000
  const blob = new LateBlob(150_000)
  near.send(new Uint8Array(120_000))
  near.send(blob)
  await wait()
  t.same(heard, [120_000])
  t.same(amounts, [], 'what left was not enough')
  t.equal(near.bufferedAmount, 150_000)
  blob.read()
  await wait()
  t.equal(amounts.length, 1)

  const small = new LateBlob(80_000)
  near.send(new Uint8Array(80_000))
  near.send(small)
  await wait()
  t.same(amounts.slice(1), [80_000], 'neither part alone is above the threshold')
  small.read()
  await wait()
  t.equal(amounts.length, 2)
  close()
})

t.test('bufferedamountlow tells of a Blob that could not be read', async t => {
  const { near, heard, close, wait } = await open()
  const amounts = lows(near)
  const errors: string[] = []
  near.onerror = ({ error }) => errors.push(`${error.errorDetail}: ${error.message}`)
  const blob = new LateBlob(10)
  near.send(blob)
  await wait()
  near.send(new Blob([]))
  blob.fail(new Error('gone'))
  await wait()
  t.same(amounts, [0])
  t.same(errors, ['data-channel-failure: gone'])
  t.same(heard, [0], 'what stood behind it goes')
  close()
})

t.test('bufferedamountlow is not fired for what is above the threshold again', async t => {
  const { a, near, close, wait, sim } = await open()
  const other = a.createDataChannel('other')
  await sim.run(() => other.readyState === 'open')
  const amounts = lows(other)
  let once = true
  near.onbufferedamountlow = () => {
    if (once) other.send(new Uint8Array(50_000))
    once = false
  }
  near.send('x')
  other.send('x')
  await wait()
  t.notOk(once)
  t.same(amounts, [0])
  close()
})

t.test('closed while a Blob is being read: nothing comes after', async t => {
  for (const how of ['read', 'fail'] as const) {
    const { a, near, close, wait } = await open()
    const blob = new LateBlob(10)
    near.send(blob)
    near.send('behind it')
    near.onerror = () => t.fail('no event')
    a.close()
    t.equal(near.bufferedAmount, 19)
    if (how === 'read') blob.read()
    else blob.fail(new Error('gone'))
    await wait()
    t.equal(near.bufferedAmount, 19, 'it does not go back')
    close()
  }
})

t.test('the peer closes while a Blob is being read', async t => {
  const { near, far, heard, close, wait } = await open()
  const blob = new LateBlob(10)
  near.send(blob)
  far.close()
  await wait()
  t.equal(near.readyState, 'closed')
  blob.read()
  await wait()
  t.same(heard, [])
  t.equal(near.bufferedAmount, 10)
  close()
})
