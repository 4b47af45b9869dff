/** Key stream made ahead (RFC 3711, 4.1.1): no packet ever gets that of another, whatever order and sizes they come in. */

import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { CounterKeyStream } from '../../lib/srtp/counter-key-stream.ts'
import { providers } from '../providers.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => 3 * i + 1)
const salt = Uint8Array.from({ length: 14 }, (_, i) => 0xf0 - 7 * i)
const SSRC = 0x89abcdef

/** By the platform's own counter mode. */
const expected = (index: number, length: number): string => {
  const iv = new Uint8Array(16)
  iv.set(salt)
  const view = new DataView(iv.buffer)
  view.setUint32(4, (view.getUint32(4) ^ SSRC) >>> 0)
  view.setBigUint64(8, view.getBigUint64(8) ^ (BigInt(index) << 16n))
  return createCipheriv('aes-128-ctr', key, iv).update(new Uint8Array(length)).toString('hex')
}

const found = (stream: CounterKeyStream, index: number, blocks: number): string => {
  stream.find(index, blocks)
  const at = 4 * stream.offset
  return hex(stream.bytes.subarray(at, at + 16 * blocks))
}

for (const { name, crypto } of providers) {
  const cipher = crypto.createBlockCipher(key)

  t.test(`${name}: in a row, lost, late, far ahead, small and large by turns`, t => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.constant(1) },
      fc.integer({ min: -40, max: 40 }),
      fc.constantFrom(65_536, 2 ** 32, 0),
    )
    const packets = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 12 })), { maxLength: 60 })
    fc.assert(
      fc.property(packets, steps => {
        const stream = new CounterKeyStream(cipher, salt, SSRC)
        let index = 100
        return steps.every(([by, blocks]) => {
          index = Math.min(2 ** 48 - 1, Math.max(0, index + by))
          return found(stream, index, blocks) === expected(index, 16 * blocks)
        })
      }),
      { numRuns: name === 'node' ? 300 : 60 },
    )
    t.end()
  })

  t.test(`${name}: two streams under one cipher`, t => {
    const streams = [new CounterKeyStream(cipher, salt, SSRC), new CounterKeyStream(cipher, salt, 1)]
    let wrong = 0
    for (let index = 0; index < 200; index++) {
      if (found(streams[0]!, index, 5) !== expected(index, 80)) wrong++
      found(streams[1]!, 7 * index, 9)
      if (found(streams[0]!, index, 5) !== expected(index, 80)) wrong++
    }
    t.equal(wrong, 0)
    t.end()
  })

  t.test(`${name}: the largest packet, and small ones after it`, t => {
    const stream = new CounterKeyStream(cipher, salt, SSRC)
    for (const [index, blocks] of [
      [1, 3],
      [2, 4096],
      [3, 3],
      [4, 4000],
      [5, 1],
    ] as const) {
      t.ok(found(stream, index, blocks) === expected(index, 16 * blocks), `${blocks} blocks`)
    }
    t.end()
  })
}
