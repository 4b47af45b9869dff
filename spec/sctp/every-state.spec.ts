/** Every chunk in every state: what is sent in answer, and which state follows (RFC 9260 4, 5.2, 8.4, 8.5, 9). */

import t from 'tap'
import { type Chunk, chunk, data, init, packet, parameter, sack, u32 } from './craft.ts'
import { pattern } from './pair.ts'
import { PEER_TAG, PEER_TSN, Puppet } from './puppet.ts'

/** An association in each of its states; `ended` is one that has been aborted. */
const STATES: Record<string, () => Puppet> = {
  idle: () => new Puppet(),
  'cookie-wait': () => {
    const puppet = new Puppet()
    puppet.association.connect(0)
    puppet.learn(puppet.take()[0]!)
    return puppet
  },
  'cookie-echoed': () => {
    const puppet = inState('cookie-wait')
    puppet.deliver(init(2, { parameters: parameter(7, [1, 2, 3, 4]) }))
    return puppet
  },
  established: () => Puppet.established(),
  'shutdown-pending': () => {
    const puppet = Puppet.established()
    puppet.send(pattern(10))
    puppet.association.shutdown(0)
    return puppet
  },
  'shutdown-sent': () => {
    const puppet = Puppet.established()
    puppet.association.shutdown(0)
    return puppet
  },
  'shutdown-received': () => {
    const puppet = Puppet.established()
    puppet.send(pattern(10))
    puppet.deliver(chunk(7, 0, u32((puppet.tsn - 1) >>> 0)))
    return puppet
  },
  'shutdown-ack-sent': () => {
    const puppet = Puppet.established()
    puppet.deliver(chunk(7, 0, u32((puppet.tsn - 1) >>> 0)))
    return puppet
  },
  ended: () => {
    const puppet = Puppet.established()
    puppet.association.abort(0)
    return puppet
  },
}

const inState = (state: string): Puppet => STATES[state]!()

const CHUNKS: Record<string, (puppet: Puppet) => Chunk> = {
  DATA: () => data(PEER_TSN, [1]),
  'INIT ACK': () => init(2, { tag: 0x33333333, parameters: parameter(7, [1, 2, 3, 4]) }),
  SACK: ({ tsn }) => sack(tsn - 1),
  HEARTBEAT: () => chunk(4, 0, parameter(1, [1, 2, 3, 4])),
  'HEARTBEAT ACK': () => chunk(5, 0, parameter(1, [1, 2, 3, 4])),
  ABORT: () => chunk(6, 0, parameter(12, [])),
  SHUTDOWN: ({ tsn }) => chunk(7, 0, u32((tsn - 1) >>> 0)),
  'SHUTDOWN ACK': () => chunk(8, 0),
  ERROR: () => chunk(9, 0, parameter(6, [0xff, 0, 0, 4])),
  'COOKIE ECHO': () => chunk(10, 0, pattern(71)),
  'COOKIE ACK': () => chunk(11, 0),
  'SHUTDOWN COMPLETE': () => chunk(14, 0),
  'RE-CONFIG': () => chunk(130, 0, parameter(15, u32(PEER_TSN))),
  PAD: () => chunk(132, 0, [0, 0]),
  'FORWARD-TSN': () => chunk(192, 0, u32(PEER_TSN)),
  UNKNOWN: () => chunk(0xff, 0),
}

const NAMES: Record<number, string> = {
  0: 'DATA',
  1: 'INIT',
  2: 'INIT ACK',
  3: 'SACK',
  5: 'HEARTBEAT ACK',
  6: 'ABORT',
  7: 'SHUTDOWN',
  8: 'SHUTDOWN ACK',
  9: 'ERROR',
  10: 'COOKIE ECHO',
  11: 'COOKIE ACK',
  14: 'SHUTDOWN COMPLETE',
  130: 'RE-CONFIG',
}

/** What is sent, and the state if it changes. */
const meet = (state: string, bytes: (puppet: Puppet) => Uint8Array): string => {
  const puppet = inState(state)
  puppet.flush()
  puppet.take()
  const before = puppet.association.state
  puppet.deliverBytes(bytes(puppet))
  const sent = puppet.take().map(({ type }) => NAMES[type] ?? `${type}`)
  const after = puppet.association.state
  return [...sent, ...(after === before ? [] : [`-> ${after}`])].join(', ')
}

/** Whatever is not named here is discarded without an answer. */
const EXPECTED: readonly (readonly [string, string, string])[] = [
  ['DATA', 'idle', 'ABORT'],
  ['DATA', 'cookie-echoed', '-> established'],
  ['DATA', 'shutdown-sent', 'SHUTDOWN, SACK'],
  ['DATA', 'ended', 'ABORT'],
  ['INIT ACK', 'cookie-wait', 'COOKIE ECHO, -> cookie-echoed'],
  ['SACK', 'idle', 'ABORT'],
  ['SACK', 'ended', 'ABORT'],
  ['HEARTBEAT', 'idle', 'ABORT'],
  ['HEARTBEAT', 'cookie-echoed', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'established', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'shutdown-pending', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'shutdown-sent', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'shutdown-received', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'shutdown-ack-sent', 'HEARTBEAT ACK'],
  ['HEARTBEAT', 'ended', 'ABORT'],
  ['HEARTBEAT ACK', 'idle', 'ABORT'],
  ['HEARTBEAT ACK', 'ended', 'ABORT'],
  ['ABORT', 'cookie-wait', '-> closed'],
  ['ABORT', 'cookie-echoed', '-> closed'],
  ['ABORT', 'established', '-> closed'],
  ['ABORT', 'shutdown-pending', '-> closed'],
  ['ABORT', 'shutdown-sent', '-> closed'],
  ['ABORT', 'shutdown-received', '-> closed'],
  ['ABORT', 'shutdown-ack-sent', '-> closed'],
  ['SHUTDOWN', 'idle', 'ABORT'],
  ['SHUTDOWN', 'established', 'SHUTDOWN ACK, -> shutdown-ack-sent'],
  ['SHUTDOWN', 'shutdown-pending', '-> shutdown-received'],
  ['SHUTDOWN', 'shutdown-sent', 'SHUTDOWN ACK, -> shutdown-ack-sent'],
  ['SHUTDOWN', 'ended', 'ABORT'],
  ['SHUTDOWN ACK', 'idle', 'SHUTDOWN COMPLETE'],
  ['SHUTDOWN ACK', 'cookie-wait', 'SHUTDOWN COMPLETE'],
  ['SHUTDOWN ACK', 'cookie-echoed', 'SHUTDOWN COMPLETE'],
  ['SHUTDOWN ACK', 'shutdown-sent', 'SHUTDOWN COMPLETE, -> closed'],
  ['SHUTDOWN ACK', 'shutdown-ack-sent', 'SHUTDOWN COMPLETE, -> closed'],
  ['SHUTDOWN ACK', 'ended', 'SHUTDOWN COMPLETE'],
  ['ERROR', 'idle', 'ABORT'],
  ['ERROR', 'ended', 'ABORT'],
  ['COOKIE ECHO', 'ended', 'ABORT'],
  ['COOKIE ACK', 'cookie-echoed', '-> established'],
  ['SHUTDOWN COMPLETE', 'shutdown-ack-sent', '-> closed'],
  ['RE-CONFIG', 'idle', 'ABORT'],
  ['RE-CONFIG', 'established', 'RE-CONFIG'],
  ['RE-CONFIG', 'shutdown-pending', 'RE-CONFIG'],
  ['RE-CONFIG', 'shutdown-sent', 'RE-CONFIG'],
  ['RE-CONFIG', 'shutdown-received', 'RE-CONFIG'],
  ['RE-CONFIG', 'shutdown-ack-sent', 'RE-CONFIG'],
  ['RE-CONFIG', 'ended', 'ABORT'],
  ['PAD', 'idle', 'ABORT'],
  ['PAD', 'ended', 'ABORT'],
  ['FORWARD-TSN', 'idle', 'ABORT'],
  ['FORWARD-TSN', 'established', 'SACK'],
  ['FORWARD-TSN', 'shutdown-pending', 'SACK'],
  ['FORWARD-TSN', 'shutdown-sent', 'SACK'],
  ['FORWARD-TSN', 'shutdown-received', 'SACK'],
  ['FORWARD-TSN', 'shutdown-ack-sent', 'SACK'],
  ['FORWARD-TSN', 'ended', 'ABORT'],
  ['UNKNOWN', 'idle', 'ABORT'],
  ['UNKNOWN', 'cookie-echoed', 'ERROR'],
  ['UNKNOWN', 'established', 'ERROR'],
  ['UNKNOWN', 'shutdown-pending', 'ERROR'],
  ['UNKNOWN', 'shutdown-sent', 'ERROR'],
  ['UNKNOWN', 'shutdown-received', 'ERROR'],
  ['UNKNOWN', 'shutdown-ack-sent', 'ERROR'],
  ['UNKNOWN', 'ended', 'ABORT'],
]

t.test('every chunk in every state', t => {
  for (const [name, make] of Object.entries(CHUNKS)) {
    for (const state of Object.keys(STATES)) {
      const expected = EXPECTED.find(row => row[0] === name && row[1] === state)?.[2] ?? ''
      const tag = (puppet: Puppet) => (puppet.tag === 0 ? 77 : puppet.tag)
      t.equal(
        meet(state, puppet => packet(tag(puppet), make(puppet))),
        expected,
        `${name} in ${state}`,
      )
    }
  }
  t.end()
})

t.test('INIT in every state: answered, and nothing is kept of it (5.1, 5.2.1, 5.2.2)', t => {
  for (const state of Object.keys(STATES)) {
    const expected = { 'shutdown-ack-sent': 'SHUTDOWN ACK', ended: 'ABORT' }[state] ?? 'INIT ACK'
    for (const tag of [PEER_TAG, 0x44444444])
      t.equal(
        meet(state, () => packet(0, init(1, { tag }))),
        expected,
        state,
      )
    t.equal(
      meet(state, () => packet(9, init(1))),
      state === 'ended' ? 'ABORT' : '',
      'under a tag (8.5.1, A)',
    )
  }
  t.end()
})

t.test('ABORT with the peer’s tag reflected (8.5.1, B)', t => {
  for (const state of Object.keys(STATES)) {
    const alive = !['idle', 'cookie-wait', 'ended'].includes(state)
    t.equal(
      meet(state, () => packet(PEER_TAG, chunk(6, 1))),
      alive ? '-> closed' : '',
      state,
    )
    t.equal(
      meet(state, puppet => packet(puppet.tag ^ 5, chunk(6, 1))),
      '',
      `${state}: another tag`,
    )
  }
  t.end()
})

t.test('an ABORT whose format is wrong is silently discarded (3.3.7)', t => {
  const puppet = Puppet.established()
  for (const value of [[0], [0, 12], [0, 12, 0, 3], [0, 12, 0, 99, 1, 2, 3, 4]]) puppet.deliver(chunk(6, 0, value))
  t.equal(puppet.association.state, 'established')
  t.equal(puppet.association.counters.malformed, 4)
  puppet.deliver(chunk(6, 0))
  const closed = puppet.events.at(-1)
  t.equal(closed?.type === 'closed' && closed.error?.code, 'aborted', 'a cause is not needed')
  t.equal(closed?.type === 'closed' && closed.error?.causeCode, undefined)
  t.end()
})

t.test('INIT ACK travels alone, COOKIE ECHO first', t => {
  const puppet = inState('cookie-wait')
  const answer = CHUNKS['INIT ACK']!(puppet)
  puppet.deliver(answer, data(PEER_TSN, [1]))
  puppet.deliver(chunk(4, 0, parameter(1, [1, 2, 3, 4])), answer)
  t.equal(puppet.association.state, 'cookie-wait')
  const asked = new Puppet()
  asked.deliverBytes(packet(0, init(1)))
  const initAck = asked.take()[0]!
  asked.learn(initAck)
  const echo = chunk(10, 0, asked.cookie(initAck))
  asked.deliver(chunk(132, 0, []), echo)
  t.equal(asked.association.state, 'closed')
  asked.deliver(echo, data(PEER_TSN, [1]))
  t.equal(asked.messages().length, 1, 'data may follow it')
  t.end()
})

t.test('INIT ACK under no tag ends the attempt (3.3.3)', t => {
  const puppet = inState('cookie-wait')
  puppet.deliver(init(2, { tag: 0, parameters: parameter(7, [1, 2, 3, 4]) }))
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'protocol-violation' } })
  t.same(puppet.take(), [])
  t.end()
})

t.test('a cookie too large to be sent back ends the attempt, at once', t => {
  for (const [length, state] of [
    [1100, 'cookie-echoed'],
    [1160, 'closed'],
  ] as const) {
    const puppet = inState('cookie-wait')
    puppet.deliver(init(2, { parameters: parameter(7, new Uint8Array(length)) }))
    t.equal(puppet.association.state, state)
    t.same(puppet.take()[0]!.type, state === 'closed' ? 6 : 10)
  }
  t.end()
})

t.test('a peer that has restarted while we end is told so (5.2.4, A)', t => {
  const puppet = Puppet.established()
  puppet.deliverBytes(packet(0, init(1, { tag: 0x22222222, tsn: 9 })))
  const answer = puppet.take()[0]!
  const newTag = new DataView(answer.value.buffer, answer.value.byteOffset).getUint32(0)
  puppet.deliver(chunk(7, 0, u32((puppet.tsn - 1) >>> 0)))
  t.equal(puppet.association.state, 'shutdown-ack-sent')
  puppet.take()
  const cookie = puppet.cookie(answer)
  const forged = cookie.slice()
  forged[10]! ^= 1
  puppet.deliverBytes(packet(newTag, chunk(10, 0, forged)))
  t.same(puppet.take(), [], 'a forged cookie is not answered')
  puppet.deliverBytes(packet(newTag, chunk(10, 0, cookie)))
  t.same(
    puppet.take().map(({ type, value }) => [type, [...value]]),
    [
      [8, []],
      [9, [0, 10, 0, 4]],
    ],
  )
  t.equal(puppet.association.state, 'shutdown-ack-sent')
  t.notOk(puppet.kinds().includes('restarted'))
  t.end()
})

t.test('a peer that is still ending what was before is let go (8.5.1, E)', t => {
  for (const state of ['cookie-wait', 'cookie-echoed']) {
    const puppet = inState(state)
    puppet.take()
    puppet.deliverBytes(packet(0x0badcafe, chunk(8, 0)))
    t.same(
      puppet.sent.map(bytes => [new DataView(bytes.buffer).getUint32(4), bytes[12], bytes[13]]),
      [[0x0badcafe, 14, 1]],
    )
    t.equal(puppet.association.state, state)
  }
  t.end()
})

t.test('what is never answered out of the blue, wherever it stands in the packet (8.4)', t => {
  const puppet = inState('ended')
  puppet.take()
  const silencing = [chunk(6, 0), chunk(11, 0), chunk(9, 0, [0, 3, 0, 8, 0, 0, 0, 1])]
  for (const one of silencing) {
    puppet.deliverBytes(packet(77, data(1, [1]), one))
    puppet.deliverBytes(packet(77, chunk(8, 0), one))
  }
  t.same(puppet.take(), [])
  puppet.deliverBytes(packet(77, data(1, [1]), chunk(9, 0, [0, 6, 0, 4])))
  t.equal(puppet.take().length, 1)
  t.end()
})

t.test('a reason of any length still makes an ABORT', t => {
  const puppet = Puppet.established()
  puppet.association.abort(0, 'because '.repeat(1000))
  const [abort] = puppet.take()
  t.equal(abort?.type, 6)
  t.ok(abort!.value.length < 300)
  t.end()
})

t.test('no window smaller than a packet is announced (3.3.2)', t => {
  const puppet = new Puppet({ receiveWindow: 10 })
  puppet.association.connect(0)
  const [first] = puppet.take()
  t.equal(new DataView(first!.value.buffer, first!.value.byteOffset).getUint32(4), 1500)
  t.end()
})

t.test('ERROR is counted, and changes nothing', t => {
  const puppet = Puppet.established()
  puppet.deliver(chunk(9, 0, parameter(1, [0, 9, 0, 0])), chunk(9, 0, [1]))
  t.equal(puppet.association.counters.errorsReceived, 2)
  t.equal(puppet.association.state, 'established')
  t.end()
})
