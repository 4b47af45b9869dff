/** SHA-1 and HMAC of our own (FIPS 180-4, RFC 2104) for packets: the kernel, its plain twin, and the platform's agree. */

import { createHmac, randomFillSync } from 'node:crypto'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { HmacSha1 } from '../../lib/crypto/sha1/hmac-sha1.ts'
import { INPUT_AT, plainSha1Kernel, wasmSha1Kernel } from '../../lib/crypto/sha1/kernel.ts'
import { INITIAL_HASH } from '../../lib/crypto/sha1/sha1.ts'

const randomBytes = (length: number): Uint8Array<ArrayBuffer> => randomFillSync(new Uint8Array(length))
const kernels = { wasm: wasmSha1Kernel()!, plain: plainSha1Kernel() }
const expected = (key: Uint8Array, ...parts: readonly Uint8Array[]): string => {
  const mac = createHmac('sha1', key)
  for (const part of parts) mac.update(part)
  return mac.digest('hex')
}

/** The tag as it is written behind the message. */
const tagOf = (mac: HmacSha1, message: Uint8Array, word?: number): string => {
  mac.load(message, 0, message.length)
  mac.authenticate(word)
  const target = new Uint8Array(message.length + 20)
  mac.store(target, 0, 20)
  return hex(target.subarray(message.length))
}

t.test('the kernel takes blocks in as the plain one does, whatever their number', t => {
  for (let blocks = 1; blocks <= 40; blocks++) {
    const input = randomBytes(64 * blocks)
    const states = [kernels.wasm, kernels.plain].map(kernel => {
      kernel.bytes.set(input, INPUT_AT)
      kernel.state.set(Int32Array.from(INITIAL_HASH))
      kernel.compress(INPUT_AT, blocks)
      return [...kernel.state]
    })
    t.same(states[0], states[1], `${blocks} blocks`)
  }
  t.end()
})

for (const [name, kernel] of Object.entries(kernels)) {
  t.test(`${name}: RFC 2202, 3`, t => {
    const text = (value: string) => new TextEncoder().encode(value)
    const all = (value: number, length: number) => new Uint8Array(length).fill(value)
    const cases: [Uint8Array, Uint8Array, string][] = [
      [all(0x0b, 20), text('Hi There'), 'b617318655057264e28bc0b6fb378c8ef146be00'],
      [text('Jefe'), text('what do ya want for nothing?'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
      [all(0xaa, 20), all(0xdd, 50), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
      [
        all(0xaa, 80),
        text('Test Using Larger Than Block-Size Key - Hash Key First'),
        'aa4ae5e15272d00e95705637ce8a3b55ed402112',
      ],
    ]
    for (const [key, message, tag] of cases) t.equal(tagOf(new HmacSha1(key, kernel), message), tag)
    t.end()
  })

  t.test(`${name}: every length, with and without a word behind`, t => {
    const key = randomBytes(20)
    const mac = new HmacSha1(key, kernel)
    const wrong: number[] = []
    for (let length = 0; length <= 1500; length += length < 300 ? 1 : 7) {
      const message = randomBytes(length)
      if (tagOf(mac, message) !== expected(key, message)) wrong.push(length)
      const word = randomBytes(4)
      const value = new DataView(word.buffer).getUint32(0)
      if (tagOf(mac, message, value) !== expected(key, message, word)) wrong.push(length)
    }
    t.same(wrong, [])
    t.end()
  })

  t.test(`${name}: long messages, and parts of buffers of any size`, t => {
    const key = randomBytes(20)
    const mac = new HmacSha1(key, kernel)
    for (const size of [100, 4096, 4097, 65_535, HmacSha1.longest]) {
      const buffer = randomBytes(size)
      for (const [start, end] of [
        [0, size],
        [48, size],
        [77, size - 3],
      ] as const) {
        mac.load(buffer, start, end)
        mac.authenticate()
        const tag = Uint8Array.from(createHmac('sha1', key).update(buffer.subarray(start, end)).digest())
        t.ok(mac.hasTag(tag, 0, 20), `${start} to ${end} of ${size}`)
        tag[9]! ^= 1
        t.notOk(mac.hasTag(tag, 0, 10))
        t.ok(mac.hasTag(tag, 0, 9))
      }
    }
    t.throws(() => mac.load(new Uint8Array(HmacSha1.longest + 1), 0, HmacSha1.longest + 1), RangeError)
    t.end()
  })

  t.test(`${name}: key stream is mixed into what it is for, and into nothing behind it`, t => {
    const mac = new HmacSha1(randomBytes(20), kernel)
    for (let length = 12; length < 60; length++) {
      const message = randomBytes(length)
      const stream = randomBytes(64)
      for (let end = 12; end <= length; end++) {
        mac.load(message, 0, length)
        mac.mix(12, end, new Uint32Array(stream.buffer), 1)
        const target = new Uint8Array(length)
        mac.store(target, 0)
        const mixed = message.map((byte, i) => (i >= 12 && i < end ? byte ^ stream[i - 8]! : byte))
        if (hex(target) !== hex(mixed)) t.fail(`to ${end} of ${length}`)
      }
    }
    t.end()
  })
}

t.test('two keys by turns do not get in each other’s way', t => {
  const [one, other] = [randomBytes(20), randomBytes(16)]
  const macs = [new HmacSha1(one), new HmacSha1(other)]
  for (let i = 0; i < 20; i++) {
    const message = randomBytes(10 * i)
    t.equal(tagOf(macs[0]!, message), expected(one, message))
    t.equal(tagOf(macs[1]!, message), expected(other, message))
  }
  t.end()
})
