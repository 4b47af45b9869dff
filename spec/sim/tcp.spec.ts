/** A simulated TCP connection by hand: what is old, forged or beyond its window changes nothing (RFC 9293, section 3.10.7). */

import t from 'tap'
import { Simulation } from '../../lib/sim/index.ts'
import { TcpConnection } from '../../lib/sim/tcp-connection.ts'
import { connect, listen } from './stream.ts'

const PATH = { address: '10.0.0.1', port: 1, remoteAddress: '10.0.0.2', remotePort: 2 }
const NONE = new Uint8Array(0)

/** A connection that has sent its SYN with sequence number 100. */
const create = () => {
  const sent: string[] = []
  const told: string[] = []
  const connection = new TcpConnection(
    {
      now: () => 0,
      schedule: () => ({ cancel: () => {} }),
      transmit: (_connection, { syn, ack, fin, rst, sequence, acknowledgement }) => {
        const bits = [syn && 'SYN', ack && 'ACK', fin && 'FIN', rst && 'RST'].filter(bit => bit !== false)
        sent.push(`${bits.join(' ')} ${sequence}${ack ? ` ${acknowledgement}` : ''}`)
      },
      forget: () => told.push('gone'),
    },
    PATH,
    {
      established: () => told.push('established'),
      receive: bytes => told.push(`got ${bytes.join()}`),
      closed: code => told.push(`closed ${code}`),
    },
    100,
  )
  connection.connect()
  const receive = (bits: string, sequence: number, acknowledgement: number, bytes = NONE): void => {
    const has = (bit: string): boolean => bits.includes(bit)
    const segment = { syn: has('SYN'), ack: has('ACK'), fin: has('FIN'), rst: has('RST'), sequence, acknowledgement }
    connection.receive(segment, bytes, 0)
  }
  const take = (): { sent: string[]; told: string[] } => ({ sent: sent.splice(0), told: told.splice(0) })
  return { connection, receive, take }
}

const established = () => {
  const all = create()
  all.receive('SYN ACK', 500, 101)
  all.take()
  return all
}

t.test('before it is open: answers to another connection are reset, and do not end it', t => {
  const { receive, take } = create()
  t.same(take().sent, ['SYN 100'])
  receive('ACK', 7, 55)
  t.same(take(), { sent: ['RST 55'], told: [] })
  receive('RST ACK', 0, 55)
  receive('RST', 0, 0)
  receive('FIN ACK', 500, 101)
  t.same(take(), { sent: [], told: [] })
  receive('SYN ACK', 500, 101)
  t.same(take(), { sent: ['ACK 101 501'], told: ['established'] })
  t.end()
})

t.test('refused by a RST that knows of the SYN', t => {
  const { receive, take } = create()
  receive('RST ACK', 0, 101)
  t.same(take().told, ['gone', 'closed ECONNREFUSED'])
  receive('SYN ACK', 500, 101)
  t.same(take().told, [])
  t.end()
})

t.test('open at once from both ends, the answer to either lost', t => {
  const { receive, take } = create()
  take()
  receive('SYN', 500, 0)
  t.same(take().sent, ['SYN ACK 100 501'])
  receive('SYN', 500, 0)
  t.same(take().sent, ['SYN ACK 100 501'])
  receive('SYN ACK', 500, 101)
  t.same(take(), { sent: ['ACK 101 501'], told: ['established'] })
  receive('SYN ACK', 500, 101)
  t.same(take().sent, ['ACK 101 501'])
  t.end()
})

t.test('once open: an old or far RST, a SYN, an acknowledgement of what was not sent change nothing', t => {
  const { receive, take } = established()
  receive('RST', 499, 0)
  receive('RST', 501 + 70_000, 0)
  t.same(take(), { sent: [], told: [] })
  receive('SYN', 9, 0)
  receive('ACK', 501, 200, new Uint8Array([1]))
  receive('ACK', 501 + 70_000, 101, new Uint8Array([1]))
  t.same(take(), { sent: ['ACK 101 501', 'ACK 101 501', 'ACK 101 501'], told: [] })
  receive('RST', 501, 0)
  t.same(take().told, ['gone', 'closed ECONNRESET'])
  t.end()
})

t.test('bytes come once and in order, however they overlap', t => {
  const { receive, take } = established()
  receive('ACK', 503, 101, new Uint8Array([3, 4]))
  t.same(take().told, [])
  receive('ACK', 501, 101, new Uint8Array([1, 2]))
  t.same(take().told, ['got 1,2', 'got 3,4'])
  receive('ACK', 501, 101, new Uint8Array([1, 2]))
  receive('ACK', 502, 101, new Uint8Array([2, 3, 4, 5]))
  t.same(take().told, ['got 5'])
  receive('FIN ACK', 505, 101, new Uint8Array([5]))
  receive('FIN ACK', 506, 101)
  t.same(take().told, ['closed undefined'])
  t.end()
})

t.test('half-open connections of a listener are bounded, and end by themselves', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const a = sim.createHost({ addresses: ['10.0.0.1'] })
  const b = sim.createHost({ addresses: ['10.0.0.2'] })
  const ear = await listen(b, { address: '10.0.0.2', port: 80 })
  sim.setLink(b, a, { loss: 1 })
  let answers = 0
  sim.onPacket = (time, from) => {
    if (from === '10.0.0.2:80' && time <= 10) answers++
  }
  const target = { remoteAddress: '10.0.0.2', remotePort: 80, timeout: 500 }
  const attempts = Array.from({ length: 200 }, () => connect(a, target).catch((error: { code: string }) => error.code))
  t.same(new Set(await sim.run(Promise.all(attempts))), new Set(['ETIMEDOUT']))
  t.equal(answers, 128)
  sim.setLink(b, a, undefined)
  await t.rejects(sim.run(connect(a, target)), { code: 'ETIMEDOUT' })
  await sim.elapse(200_000)
  await sim.run(connect(a, target))
  await sim.elapse(10)
  t.equal(ear.accepted.length, 1)
})
