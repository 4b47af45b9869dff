/** TCP active bases through an ICE restart: a stream belongs to whom its first check names, as a peer's shared port has it. */

import t from 'tap'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { openTcpPassiveBase } from '../../lib/gather/tcp-passive.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { check, data, packet, success, textOf, transactionId } from './checks.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'

const world = async () => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const lost: string[] = []
  const heard: string[] = []
  const from: number[] = []
  const active = new TcpActiveBase(sim.createHost({ addresses: [A] }), {
    address: A,
    receive: () => {},
    lost: (address, port) => lost.push(`${address} ${port}`),
  })
  const passive = (await openTcpPassiveBase(sim.createHost({ addresses: [B] }), {
    address: B,
    receive: (bytes, _, port) => {
      heard.push(textOf(bytes))
      if (!from.includes(port)) from.push(port)
    },
    lost: () => {},
  }))!
  const send = async (...packets: Uint8Array<ArrayBuffer>[]) => {
    for (const bytes of packets) active.send(packet(bytes), B, passive.port)
    await sim.elapse(100)
  }
  const close = () => {
    active.close()
    passive.close()
  }
  return { sim, active, passive, lost, heard, from, send, close }
}

t.test('a check with a new user name makes another stream when nothing came of the first', async t => {
  const { active, lost, from, send, close } = await world()
  await send(check('old1:mine'))
  await send(check('new1:mine'))
  t.equal(from.length, 2)
  t.equal(active.connections, 1)
  await send(check('old1:mine'), check('new1:mine'), data('x'))
  t.equal(from.length, 2, 'a late one with the old name makes none')
  t.same(lost, [], 'the peer has not gone')
  close()
})

t.test('also while it is still connecting', async t => {
  const { active, heard, from, send, close } = await world()
  await send(check('old1:mine'), check('new1:mine'))
  t.same(heard, ['request'])
  t.equal(from.length, 1)
  t.equal(active.connections, 1)
  close()
})

t.test('a stream that has proved to lead to the peer goes on to be used', async t => {
  const { sim, passive, from, send, close } = await world()
  await send(check('old1:mine'))
  passive.send(packet(success(transactionId())), A, from[0]!)
  await sim.elapse(100)
  await send(check('new1:mine'), data('x'))
  t.equal(from.length, 1)
  close()
})
