/** Headers of media encrypted as descriptions have agreed on: extensions by themselves (RFC 6904), or altogether (RFC 9335). */

import t from 'tap'
import { hex, Packet } from '../../lib/bytes/index.ts'
import type { DtlsConnection } from '../../lib/dtls/index.ts'
import { type HeaderProtection, MediaPath } from '../../lib/transport/media-path.ts'
import { seededCrypto } from '../providers.ts'

const NOTHING: HeaderProtection = { cryptex: false, sent: [], received: [] }

/** Two ends that have shaken hands, and what came to the second one. */
const connected = (first: HeaderProtection, second: HeaderProtection, early = true) => {
  const received: string[] = []
  const dtls = (role: 'client' | 'server') =>
    ({
      role,
      srtpProfile: 'SRTP_AEAD_AES_128_GCM',
      exportKeyingMaterial: (_label: string, length: number) => new Uint8Array(length).fill(3),
    }) as unknown as DtlsConnection
  const [a, b] = [1, 2].map(
    seed => new MediaPath({ crypto: seededCrypto(seed), receive: packet => received.push(hex(packet)) }),
  ) as [MediaPath, MediaPath]
  const protect = () => {
    a.protectHeaders(first)
    b.protectHeaders(second)
  }
  if (early) protect()
  a.start(dtls('client'), 0)
  b.start(dtls('server'), 0)
  if (!early) protect()
  return { a, b, received }
}

const packet = (sequenceNumber: number): Uint8Array => {
  const text = '9060000000000000cafebabebede000110ff22aa01020304'
  const bytes = Uint8Array.from(text.match(/../g)!, pair => Number.parseInt(pair, 16))
  bytes[3] = sequenceNumber
  return bytes
}

t.test('what was agreed on holds whether it comes before the keys or after them', t => {
  for (const early of [true, false]) {
    const agreed: [HeaderProtection, string][] = [
      [NOTHING, 'bede000110ff22aa'],
      [{ ...NOTHING, sent: [1], received: [1] }, 'bede000110..22aa'],
      [{ ...NOTHING, cryptex: true }, 'c0de0001........'],
      [{ cryptex: true, sent: [1], received: [1] }, 'c0de0001........'],
    ]
    for (const [protection, pattern] of agreed) {
      const { a, b, received } = connected(protection, protection, early)
      const sent = Packet.copy(packet(1))
      t.ok(a.protect(sent, false))
      const bytes = sent.view().slice()
      t.match(hex(bytes.subarray(12, 20)), new RegExp(`^${pattern}$`))
      if (pattern.includes('..')) t.not(hex(bytes.subarray(12, 20)), 'bede000110ff22aa')
      b.receive(bytes, 0)
      t.same(received, [hex(packet(1))])
    }
  }
  t.end()
})

t.test('a peer may hide its headers before it has our answer, and not hide them ever', t => {
  const { a, b, received } = connected({ ...NOTHING, cryptex: true }, NOTHING)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const sent = Packet.copy(packet(2))
    t.ok(from.protect(sent, false))
    to.receive(sent.view().slice(), 0)
  }
  t.same(received, [hex(packet(2)), hex(packet(2))])
  t.end()
})

t.test('it changes with the next description', t => {
  const { a, b, received } = connected(NOTHING, NOTHING)
  for (let number = 0; number < 12; number++) {
    const protection = number % 3 === 0 ? NOTHING : { cryptex: number % 3 === 1, sent: [1], received: [1] }
    a.protectHeaders(protection)
    b.protectHeaders(protection)
    const sent = Packet.copy(packet(number))
    a.protect(sent, false)
    b.receive(sent.view().slice(), 0)
    t.equal(received.at(-1), hex(packet(number)))
  }
  t.equal(b.counters.droppedRefused, 0)
  t.end()
})
