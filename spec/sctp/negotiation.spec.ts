/** Extensions that both sides must have: interleaving (RFC 8260 2.2.1), and checksums left out (RFC 9653). */

import t from 'tap'
import type { AssociationOptions } from '../../lib/sctp/index.ts'
import { chunk, data, init, packet, parameter, parameterOf, seal, u16, u32 } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TAG, PEER_TSN, Puppet } from './puppet.ts'

const ALL = [...parameter(0xc000, []), ...parameter(0x8008, [130, 192, 64, 194])]
const ZERO_CHECKSUM = parameter(0x8001, u32(1))
const iData = (tsn: number) => chunk(64, 3, [...u32(tsn), ...u16(0), ...u16(0), ...u32(0), ...u32(53), 1, 2, 3])

const announced = (options: Partial<AssociationOptions>, type: number): number[] | undefined => {
  const puppet = new Puppet(options)
  puppet.association.connect(0)
  const value = parameterOf(puppet.take()[0]!, type)
  return value === undefined ? undefined : [...value]
}

/** The causes of the ABORTs that were sent. */
const aborts = (puppet: Puppet): number[] =>
  puppet
    .take()
    .filter(({ type }) => type === 6)
    .map(({ value }) => (value[0]! << 8) | value[1]!)

const withoutChecksum = (bytes: Uint8Array): Uint8Array => {
  bytes.set([0, 0, 0, 0], 8)
  return bytes
}

const checksums = (puppet: Puppet): boolean[] =>
  puppet.sent.splice(0).map(bytes => bytes.subarray(8, 12).some(byte => byte !== 0))

t.test('I-DATA and I-FORWARD-TSN are listed unless interleaving is turned off', t => {
  t.same(announced({ interleaving: true }, 0x8008), [130, 192, 64, 194])
  t.same(announced({ interleaving: false }, 0x8008), [130, 192])
  t.end()
})

t.test('I-DATA is in use when both sides list it, whoever begins', t => {
  const taken = Puppet.established({ interleaving: true }, { parameters: ALL })
  taken.deliver(data(PEER_TSN, [1]))
  t.same(aborts(taken), [13], 'DATA is a violation then (RFC 8260 2.2.3)')
  t.equal(taken.association.state, 'closed')

  const forwarded = Puppet.established({ interleaving: true }, { parameters: ALL })
  forwarded.deliver(chunk(192, 0, u32(PEER_TSN)))
  t.same(aborts(forwarded), [13], 'and so is FORWARD-TSN (2.3.1)')

  const asked = new Puppet({ interleaving: true })
  asked.deliverBytes(packet(0, init(1, { parameters: ALL })))
  const answer = asked.take()[0]!
  t.same([...parameterOf(answer, 0x8008)!], [130, 192, 64, 194])
  asked.learn(answer)
  asked.deliver(chunk(10, 0, asked.cookie(answer)))
  t.equal(asked.association.state, 'established')
  asked.take()
  asked.deliver(data(PEER_TSN, [1]))
  t.same(aborts(asked), [13], 'the cookie carries what was agreed')
  t.end()
})

t.test('DATA is in use when either side does not list I-DATA', t => {
  for (const [interleaving, parameters] of [
    [true, undefined],
    [false, ALL],
  ] as const) {
    const puppet = Puppet.established({ interleaving }, parameters === undefined ? {} : { parameters })
    puppet.deliver(data(PEER_TSN, [1]))
    t.equal(puppet.messages().length, 1)
    puppet.send(pattern(10))
    t.ok(puppet.take().some(({ type }) => type === 0))
    puppet.deliver(iData(PEER_TSN + 1))
    t.same(aborts(puppet), [13])
    const closed = puppet.events.at(-1)
    t.equal(closed?.type === 'closed' && closed.error?.causeCode, 13)
  }
  t.end()
})

t.test('I-FORWARD-TSN without interleaving ends the association', t => {
  const puppet = Puppet.established({ interleaving: true })
  puppet.deliver(chunk(194, 0, u32(PEER_TSN)))
  t.same(aborts(puppet), [13])
  t.end()
})

t.test('that checksums may be missing is announced only when it was asked for, over DTLS', t => {
  t.same(announced({ dtls: true, zeroChecksum: true }, 0x8001), [0, 0, 0, 1])
  t.equal(announced({ dtls: true }, 0x8001), undefined)
  t.equal(announced({ zeroChecksum: true }, 0x8001), undefined, 'nothing else would find what is damaged')
  t.end()
})

t.test('checksums are left out towards a peer that takes this, but not while the handshake lasts', t => {
  const puppet = new Puppet({ dtls: true })
  puppet.association.connect(0)
  t.same(checksums(puppet.learnFirst()), [true], 'INIT')
  puppet.deliver(init(2, { parameters: [0, 7, 0, 8, 1, 2, 3, 4, ...ALL, ...ZERO_CHECKSUM] }))
  t.same(checksums(puppet), [true], 'COOKIE ECHO')
  puppet.deliver(chunk(11, 0))
  puppet.send(pattern(5000))
  t.same([...new Set(checksums(puppet))], [false], 'DATA')
  puppet.deliverBytes(packet(0, init(1, { tag: 5 })))
  t.same(checksums(puppet), [true], 'INIT ACK')
  t.end()
})

t.test('checksums stay where one of the conditions is missing', t => {
  for (const [dtls, parameters] of [
    [false, [...ALL, ...ZERO_CHECKSUM]],
    [true, ALL],
    [true, [...ALL, ...parameter(0x8001, u32(2))]],
    [true, [...ALL, ...parameter(0x8001, [])]],
  ] as const) {
    const puppet = Puppet.established({ dtls, zeroChecksum: true }, { parameters: [...parameters] })
    puppet.send(pattern(10))
    t.same(checksums(puppet), [true])
  }
  t.end()
})

t.test('a packet without a checksum is taken from a peer that was told so', t => {
  const puppet = Puppet.established({ dtls: true, zeroChecksum: true })
  puppet.deliverBytes(withoutChecksum(packet(puppet.tag, data(PEER_TSN, [1]))))
  puppet.deliverBytes(packet(puppet.tag, data(PEER_TSN + 1, [2], { ssn: 1 })))
  t.equal(puppet.messages().length, 2, 'and with the right one as well')
  const wrong = packet(puppet.tag, data(PEER_TSN + 2, [3], { ssn: 2 }))
  wrong[8]! ^= 0x55
  puppet.deliverBytes(wrong)
  t.equal(puppet.association.counters.badChecksum, 1, 'a wrong one is not a missing one')

  for (const options of [{ dtls: true }, { zeroChecksum: true }, {}]) {
    const strict = Puppet.established(options)
    strict.deliverBytes(withoutChecksum(packet(strict.tag, data(PEER_TSN, [1]))))
    t.equal(strict.association.counters.badChecksum, 1)
    t.equal(strict.messages().length, 0)
  }
  t.end()
})

t.test('INIT, COOKIE ECHO and what belongs to no association need their checksum (RFC 9653 5.3)', t => {
  const idle = new Puppet({ dtls: true, zeroChecksum: true })
  idle.deliverBytes(withoutChecksum(packet(77, data(1, [1]))))
  t.same(idle.take(), [], 'no answer out of the blue')
  idle.deliverBytes(withoutChecksum(packet(0, init(1))))
  t.same(idle.take(), [])
  idle.deliverBytes(packet(0, init(1)))
  const answer = idle.take()[0]!
  idle.learn(answer)
  const echo = packet(idle.tag, chunk(10, 0, idle.cookie(answer)))
  idle.deliverBytes(withoutChecksum(echo.slice()))
  t.equal(idle.association.state, 'closed')
  t.equal(idle.association.counters.badChecksum, 3)
  idle.deliverBytes(seal(echo))
  t.equal(idle.association.state, 'established')
  t.same(idle.takeTags(), [PEER_TAG])
  t.end()
})

t.test('each direction decides by itself', t => {
  const pair = Pair.established({ delay: 5 }, { dtls: true, zeroChecksum: true }, { dtls: true })
  pair.wire.sent.length = 0
  pair.a.send(0, 53, pattern(3000), {}, pair.wire.now)
  pair.b.send(0, 53, pattern(3000), {}, pair.wire.now)
  pair.wire.run(() => pair.messages('a').length === 1 && pair.messages('b').length === 1)
  for (const { from, bytes } of pair.wire.sent) {
    t.equal(
      bytes.subarray(8, 12).some(byte => byte !== 0),
      from === 'a',
      `from ${from}`,
    )
  }
  t.equal(pair.a.counters.badChecksum + pair.b.counters.badChecksum, 0)
  t.end()
})
