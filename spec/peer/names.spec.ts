/** Names of the peer's candidates: which are looked up, and how many at a time. */

import t from 'tap'
import { createTurnServer } from '../turn/server.ts'
import { World } from './world.ts'

const SERVER = '198.51.100.1'
const turn = { urls: `turn:${SERVER}`, username: 'ada', credential: 'secret' }
const candidateAt = (name: string) => ({
  candidate: `candidate:9 1 udp 2130706431 ${name} 9999 typ host`,
  sdpMid: '0',
})

t.test('where relays alone are to be used, no name of the peer is looked up', async t => {
  const world = new World(10)
  const server = world.sim.createHost({ addresses: [SERVER], name: 'server' })
  await world.sim.run(createTurnServer(server, { addresses: [SERVER], users: { ada: 'secret' } }))
  for (const [iceTransportPolicy, lookups] of [
    ['relay', []],
    ['all', ['tracker.example.com']],
  ] as const) {
    const host = world.sim.createHost({ addresses: [`192.0.2.${iceTransportPolicy.length}`] })
    const asked: string[] = []
    host.resolve = async name => {
      asked.push(name)
      return []
    }
    const a = world.connect(host, { iceServers: [turn], iceTransportPolicy })
    const b = world.connect(world.sim.createHost({ addresses: [`192.0.2.1${iceTransportPolicy.length}`] }))
    const call = await world.call(a, b)
    await world.sim.run(a.addIceCandidate(candidateAt('tracker.example.com')))
    await world.sim.elapse(3000)
    t.strictSame(asked, lookups)
    call.close()
  }
})

t.test('a peer has two names looked up at a time', async t => {
  const world = new World(1)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const asked: string[] = []
  const answers: (() => void)[] = []
  host.resolve = name => {
    asked.push(name)
    return new Promise(resolve => answers.push(() => resolve([])))
  }
  const a = world.connect(host)
  const call = await world.call(a, world.connect(world.sim.createHost({ addresses: ['192.0.2.2'] })))
  for (let i = 0; i < 5; i++) await world.sim.run(a.addIceCandidate(candidateAt(`${i}.example.com`)))
  await world.sim.elapse(3000)
  t.strictSame(asked, ['0.example.com', '1.example.com'])
  answers[1]!()
  await world.sim.elapse(1)
  t.strictSame(asked, ['0.example.com', '1.example.com', '2.example.com'])
  call.close()
  answers[0]!()
  answers[2]!()
  await world.sim.elapse(1)
  t.equal(asked.length, 3, 'none after the end')
})
