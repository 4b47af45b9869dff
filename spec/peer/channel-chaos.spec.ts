/**
 * Whatever an application does with a channel and its streams, in whatever order: nothing is thrown but what the methods say,
 * no promise is rejected that nobody was given, none is left without an end, and amounts stay amounts.
 */

import fc from 'fast-check'
import t from 'tap'
import type { RTCDataChannel } from '../../lib/peer/index.ts'
import { createCarelessPair } from './careless-pair.ts'

const OPERATIONS = [
  'send',
  'send a Blob',
  'send a Blob that fails',
  'write',
  'write a Blob',
  'write what is too large',
  'close the writer',
  'abort the writer',
  'release the writer',
  'read',
  'iterate',
  'take one',
  'cancel',
  'tee',
  'release the reader',
  'listen',
  'threshold',
  'close',
  'close the connection',
  'wait',
  'wait long',
] as const

type Operation = (typeof OPERATIONS)[number]

const ALLOWED = new Set(['InvalidStateError', 'OperationError', 'TypeError', 'Error', 'NotReadableError'])

/** One side of the channel and what its application has begun. */
class Actor {
  readonly begun: Promise<unknown>[] = []
  readonly wrong: string[] = []
  readonly #channel: RTCDataChannel
  readonly #end: () => void
  #writer: WritableStreamDefaultWriter | undefined
  #reader: ReadableStreamDefaultReader | undefined

  constructor(channel: RTCDataChannel, end: () => void) {
    this.#channel = channel
    this.#end = end
  }

  /** Does it; what is thrown or rejected must be one of what is documented. */
  act(operation: Operation, size: number): void {
    try {
      const result = this.#do(operation, size)
      if (result instanceof Promise) this.begun.push(result.catch((error: unknown) => this.#judge(operation, error)))
    } catch (error) {
      this.#judge(operation, error)
    }
    const { bufferedAmount } = this.#channel
    if (!(bufferedAmount >= 0)) this.wrong.push(`${operation}: ${bufferedAmount} buffered`)
  }

  #judge(operation: Operation, error: unknown): void {
    if (error === 'aborted' || (error instanceof Error && ALLOWED.has(error.name))) return
    this.wrong.push(`${operation}: ${error}`)
  }

  #do(operation: Operation, size: number): unknown {
    const channel = this.#channel
    switch (operation) {
      case 'send':
        return channel.send(new Uint8Array(size))
      case 'send a Blob':
        return channel.send(new Blob([new Uint8Array(size)]))
      case 'send a Blob that fails': {
        const blob = new Blob([new Uint8Array(size)])
        blob.arrayBuffer = () => Promise.reject(new Error('gone'))
        return channel.send(blob)
      }
      case 'write':
        return this.#write(new Uint8Array(size))
      case 'write a Blob':
        return this.#write(new Blob([new Uint8Array(size)]))
      case 'write what is too large':
        return this.#write(new Uint8Array(300_000))
      case 'close the writer':
        return this.#writing().close()
      case 'abort the writer':
        return this.#writing().abort('aborted')
      case 'release the writer':
        this.#writer?.releaseLock()
        this.#writer = undefined
        return
      case 'read':
        return this.#reading().read()
      case 'iterate':
        return this.#iterate(size)
      case 'take one':
        return channel[Symbol.asyncIterator]().next()
      case 'cancel':
        return this.#reader === undefined ? channel.readable.cancel() : this.#reader.cancel()
      case 'tee':
        return this.#tee()
      case 'release the reader':
        this.#reader?.releaseLock()
        this.#reader = undefined
        return
      case 'listen':
        channel.onmessage = () => {}
        return
      case 'threshold':
        channel.bufferedAmountLowThreshold = size
        return
      case 'close':
        return channel.close()
      case 'close the connection':
        // Rarely: it ends all else.
        if (size > 190_000) this.#end()
        return
      default:
        return
    }
  }

  #writing(): WritableStreamDefaultWriter {
    this.#writer ??= this.#channel.writable.getWriter()
    return this.#writer
  }

  #reading(): ReadableStreamDefaultReader {
    this.#reader ??= this.#channel.readable.getReader()
    return this.#reader
  }

  async #write(chunk: Uint8Array | Blob): Promise<void> {
    const writer = this.#writing()
    const ready = writer.ready.catch(() => {})
    await Promise.all([writer.write(chunk), ready])
  }

  async #iterate(size: number): Promise<void> {
    let left = size % 4
    for await (const _message of this.#channel) if (left-- === 0) break
  }

  /** One branch is read to its end, the other is cancelled at once. */
  async #tee(): Promise<void> {
    if (this.#reader !== undefined) return
    const [one, other] = this.#channel.readable.tee()
    const cancelled = other.cancel()
    for await (const _message of one);
    await cancelled
  }
}

t.test('anything, on both sides', async t => {
  const rejected: unknown[] = []
  const note = (reason: unknown) => rejected.push(reason)
  process.on('unhandledRejection', note)
  const step = fc.record({
    side: fc.nat(1),
    operation: fc.constantFrom(...OPERATIONS),
    size: fc.nat(200_000),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(1000), async (steps, seed) => {
      const { a, b, sim, negotiate } = createCarelessPair({
        seed,
        network: { delay: 5, loss: seed % 3 === 0 ? 0.05 : 0 },
        a: { sctp: { sendBufferLimit: 500_000 } },
        b: { sctp: { receiveWindow: 100_000 } },
      })
      const init = { negotiated: true, id: 0 }
      const channels = [a.createDataChannel('x', init), b.createDataChannel('x', init)] as const
      const actors = channels.map(
        (channel, i) =>
          new Actor(channel, () => {
            ;[a, b][i]!.close()
          }),
      )
      await sim.run(negotiate())
      // Some begin before the channel is open.
      if (seed % 4 !== 0) await sim.run(() => channels.every(({ readyState }) => readyState === 'open'))
      for (const { side, operation, size } of steps) {
        actors[side]!.act(operation, size)
        if (operation === 'wait') await sim.run(sim.now() + (size % 50))
        if (operation === 'wait long') await sim.run(sim.now() + (size % 5000))
      }
      await sim.run(sim.now() + 500)
      a.close()
      await sim.run(sim.now() + 500)
      b.close()
      await sim.run(Promise.all(actors.flatMap(({ begun }) => begun)), { limit: 1000 })
      const wrong = actors.flatMap(actor => actor.wrong)
      const unheard = rejected.splice(0)
      if (wrong.length > 0 || unheard.length > 0) throw new Error(`${wrong.join('; ')} rejected: ${unheard}`)
      return channels.every(({ readyState }) => readyState === 'closed')
    }),
    { numRuns: 40 },
  )
  process.off('unhandledRejection', note)
  t.same(rejected, [])
})
