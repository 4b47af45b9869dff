/** Bytes of strangers: nothing throws, nothing opens, nothing that is known changes, and the bytes stay as they came. */

import fc from 'fast-check'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { createReceiver, createSender, opened, PROFILES, rtcp, rtp, sealed } from './streams.ts'

/** Contributing sources, an extension of eight bytes, and a payload. */
const rich = (sequenceNumber: number): Uint8Array => {
  const head = '9260000000000000cafebabe0000000100000002bede000210ff21abcd000000'
  const bytes = Uint8Array.from([...head.match(/../g)!.map(pair => Number.parseInt(pair, 16)), 1, 2, 3, 4, 5])
  new DataView(bytes.buffer).setUint16(2, sequenceNumber)
  return bytes
}

for (const profile of PROFILES) {
  for (const isRtcp of [false, true]) {
    const kind = isRtcp ? 'RTCP' : 'RTP'
    const plain = isRtcp ? rtcp() : rich(9)

    t.test(`${profile}: ${kind} cut off at each length`, t => {
      const whole = sealed(createSender(profile), plain, isRtcp)!
      const receiver = createReceiver(profile, { cryptex: true, encryptedExtensions: [1, 2] })
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.slice(0, length)
        const before = hex(cut)
        const result = isRtcp ? receiver.unprotectRtcp(cut) : receiver.unprotect(cut)
        if (result !== -1 || hex(cut) !== before) t.fail(`${length} bytes`)
      }
      const { malformed, forged, replayed, forgotten } = receiver.counters
      t.equal(malformed + forged, whole.length)
      t.same([replayed, forgotten], [0, 0])
      t.ok(malformed > 0)
      t.ok(forged > 0)
      t.end()
    })

    t.test(`${profile}: ${kind} with any bit changed leaves all as it was`, t => {
      const sender = createSender(profile)
      const whole = sealed(sender, plain, isRtcp)!
      const receiver = createReceiver(profile)
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const forged = whole.slice()
        forged[bit >> 3]! ^= 1 << (bit & 7)
        const before = hex(forged)
        const result = isRtcp ? receiver.unprotectRtcp(forged) : receiver.unprotect(forged)
        if (result !== -1) t.fail(`bit ${bit} opens`)
        if (hex(forged) !== before) t.fail(`bit ${bit} changes the bytes`)
      }
      t.equal(receiver.counters.replayed, 0, 'no index was taken')
      t.equal(hex(opened(receiver, whole, isRtcp)!), hex(plain), 'and the right one opens')
      t.end()
    })
  }

  t.test(`${profile}: any bytes, with and without a known stream`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile, { cryptex: true, encryptedExtensions: [1], mostStreams: 4 })
    t.ok(opened(receiver, sealed(sender, rtp(1))!))
    const start = fc.constantFrom(
      [],
      [0x80],
      [0x90, 0x60, 0, 5, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe],
      [0x9f],
      [0x81, 200],
    )
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 120 }), (head, rest) => {
        const bytes = Uint8Array.from([...head, ...rest])
        const before = hex(bytes)
        return receiver.unprotect(bytes) === -1 && receiver.unprotectRtcp(bytes) === -1 && hex(bytes) === before
      }),
      { numRuns: 1500 },
    )
    t.ok(opened(receiver, sealed(sender, rtp(2))!))
    t.equal(receiver.counters.forgotten, 0)
    t.end()
  })

  t.test(`${profile}: what is longer than a datagram`, t => {
    const receiver = createReceiver(profile)
    const bytes = new Uint8Array(70_000)
    bytes[0] = 0x80
    t.equal(receiver.unprotect(bytes), -1)
    t.equal(receiver.unprotectRtcp(bytes), -1)
    t.equal(receiver.counters.malformed, 2)
    const sender = createSender(profile)
    t.equal(sealed(sender, bytes), undefined)
    t.equal(sealed(sender, bytes, true), undefined)
    const largest = rtp(1, 1, 65_400)
    const whole = sealed(sender, largest)
    t.equal(hex(opened(receiver, whole!)!), hex(largest), 'and the largest')
    t.end()
  })

  t.test(`${profile}: keys of another`, t => {
    const receiver = createReceiver(profile)
    const sender = createSender(profile)
    const { keys } = {
      keys: {
        masterKey: new Uint8Array(profile.includes('256') ? 32 : 16),
        masterSalt: new Uint8Array(profile.includes('GCM') ? 12 : 14),
      },
    }
    t.equal(opened(receiver, sealed(createSender(profile, { keys }), rtp(1))!), undefined)
    t.equal(opened(receiver, sealed(createSender(profile, { keys }), rtcp(), true)!, true), undefined)
    t.equal(receiver.counters.forged, 2)
    t.ok(opened(receiver, sealed(sender, rtp(1))!))
    t.end()
  })
}
