/** Multicast among the hosts of one network: all who have joined, the sender's own host too, each over its own link. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'

const GROUP = { group: '224.0.0.251', port: 5353 }

t.test('a group reaches every socket that has joined it, and nobody else', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 5 } })
  const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => sim.createHost({ addresses: [address] }))
  const got: string[] = []
  const join = (host: SimulatedHost, label: string, options = GROUP) =>
    host.openMulticast({
      ...options,
      address: host.interfaces().find(item => !item.internal)!.address,
      receive: (bytes, address, port, now) => {
        got.push(`${now} ${label} ${bytes[0]} ${address}:${port}`)
        bytes.fill(0)
      },
    })
  const first = await join(a!, 'a1')
  await join(a!, 'a2')
  const other = await join(b!, 'b')
  await join(c!, 'other port', { ...GROUP, port: 5354 })
  await join(c!, 'other group', { ...GROUP, group: '224.0.0.252' })
  t.same([first.address, first.port], ['10.0.0.1', 5353])
  const say = (value: number): void => first.send(Packet.copy(new Uint8Array([value])), GROUP.group, GROUP.port)
  say(1)
  await sim.elapse(5)
  t.same(got.splice(0), ['0 a1 1 10.0.0.1:5353', '0 a2 1 10.0.0.1:5353', '5 b 1 10.0.0.1:5353'])

  // A question from any port; what is for the host alone reaches the last to come.
  const asker = await c!.openDatagram({
    address: '10.0.0.3',
    port: 40_000,
    receive: (bytes, address) => got.push(`asker ${bytes[0]} ${address}`),
  })
  asker.send(Packet.copy(new Uint8Array([2])), GROUP.group, GROUP.port)
  asker.send(Packet.copy(new Uint8Array([3])), '10.0.0.1', 5353)
  other.send(Packet.copy(new Uint8Array([4])), '10.0.0.3', 40_000)
  await sim.elapse(5)
  t.same(got.splice(0), [
    '10 a1 2 10.0.0.3:40000',
    '10 a2 2 10.0.0.3:40000',
    '10 b 2 10.0.0.3:40000',
    '10 a2 3 10.0.0.3:40000',
    'asker 4 10.0.0.2',
  ])

  // One link may lose what another carries; who has left, or lost the address, hears no more.
  await join(c!, 'c')
  sim.setLink(a!, b!, { loss: 1 })
  say(5)
  await sim.elapse(5)
  t.same(
    got.splice(0).map(line => line.split(' ')[1]),
    ['a1', 'a2', 'c'],
  )
  sim.setLink(a!, b!, undefined)
  other.close()
  c!.removeAddress('10.0.0.3')
  c!.addAddress('10.0.0.3')
  say(6)
  await sim.elapse(5)
  t.same(
    got.map(line => line.split(' ')[1]),
    ['a1', 'a2'],
  )
  first.close()
  t.equal(a!.openSockets, 1)
})

t.test('IPv6 and loopback have groups as well; what is no group is refused', async t => {
  const sim = new Simulation({ seed: 1 })
  const a = sim.createHost({ addresses: ['fd00::1'] })
  const b = sim.createHost({ addresses: ['fd00::2'] })
  let heard = 0
  const receive = (): void => {
    heard++
  }
  const options = { group: 'ff02::fb', port: 5353, receive }
  const socket = await a.openMulticast({ ...options, address: 'fd00::1' })
  await b.openMulticast({ ...options, address: 'fd00::2' })
  socket.send(Packet.copy(new Uint8Array(1)), 'ff02::fb', 5353)
  await sim.elapse(0)
  t.equal(heard, 2)
  const inner = await a.openMulticast({ group: '224.0.0.251', port: 5353, address: '127.0.0.1', receive })
  inner.send(Packet.copy(new Uint8Array(1)), '224.0.0.251', 5353)
  await sim.elapse(0)
  t.equal(heard, 3)
  await t.rejects(a.openMulticast({ ...options, address: '127.0.0.1' }), { code: 'EINVAL' })
  await t.rejects(a.openMulticast({ ...options, group: 'fd00::2', address: 'fd00::1' }), { code: 'EINVAL' })
  await t.rejects(a.openMulticast({ ...options, address: 'fd00::2' }), { code: 'EADDRNOTAVAIL' })
})
