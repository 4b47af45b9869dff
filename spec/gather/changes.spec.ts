/** What a gatherer makes of what changes while it gathers: the addresses of the machine, its own task. */

import t from 'tap'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { BaseTable, Gatherer, type GatherOptions, type GatherSink } from '../../lib/gather/index.ts'
import type { LocalCandidateInit } from '../../lib/ice/index.ts'
import { Simulation, seededRandom } from '../../lib/sim/index.ts'
import { parseServerUri } from '../../lib/stun/index.ts'

const OPTIONS: GatherOptions = {
  servers: [],
  policy: 'all',
  includeLoopback: false,
  tcp: [],
  publishNames: false,
  advertise: [],
}

const create = (addresses: readonly string[], isPooled = false) => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const host = sim.createHost({ addresses })
  const mdns = { publish: () => Promise.reject(new Error('no multicast here')), withdraw: () => {} }
  const crypto = createPortableCrypto(seededRandom(7))
  const gatherer = new Gatherer({ host, crypto, table: new BaseTable(), mdns }, OPTIONS)
  const told: LocalCandidateInit[] = []
  const gone: number[] = []
  const failed: string[] = []
  let ended = 0
  const sink: GatherSink = {
    candidate: init => told.push(init),
    failed: ({ url }) => failed.push(url),
    ended: () => {
      ended++
    },
    receive: () => {},
    pathLost: () => {},
    baseGone: socket => gone.push(socket),
  }
  if (!isPooled) gatherer.attach(sink)
  return {
    sink,
    sim,
    host,
    gatherer,
    told,
    gone,
    failed,
    get ended() {
      return ended
    },
  }
}

t.test('addresses that come and go while a server is waited for are seen at the end', async t => {
  const world = create(['192.0.2.1', '192.0.2.2'])
  const { sim, host, gatherer, told, gone } = world
  const uri = parseServerUri('stun:192.0.2.99')!
  const gathering = gatherer.gather({ ...OPTIONS, servers: [{ url: 'stun:192.0.2.99', uri }] })
  await sim.elapse(1000)
  host.removeAddress('192.0.2.2')
  host.addAddress('192.0.2.3')
  t.equal(world.ended, 0)
  await sim.run(gathering)
  await sim.elapse(1000)
  t.strictSame(gone, [told.find(({ address }) => address === '192.0.2.2')!.socket])
  const late = told.filter(({ address }) => address === '192.0.2.3')
  t.strictSame(
    late.map(({ unsignalled }) => unsignalled),
    [true],
    'in use, and not told to the peer: gathering is over',
  )
  await sim.run(gatherer.gather(OPTIONS))
  const again = told.filter(({ address }) => address === '192.0.2.3')
  t.strictSame(again[1]?.unsignalled, undefined, 'told when it is gathered anew')
  gatherer.close()
  await sim.elapse(1000)
  t.equal(host.openSockets, 0)
})

t.test('an address that comes up as gathering begins anew is told', async t => {
  const world = create(['192.0.2.1'])
  const { sim, host, gatherer, told } = world
  await sim.run(gatherer.gather(OPTIONS))
  host.addAddress('192.0.2.3')
  // In the turn in which the change is seen, before its socket is open.
  host.queueTask(() => void gatherer.gather(OPTIONS))
  await sim.elapse(1000)
  const found = told.filter(({ address }) => address === '192.0.2.3')
  t.ok(found.some(({ unsignalled }) => unsignalled !== true))
  t.equal(world.ended, 2)
  gatherer.close()
})

t.test('where no name can be published there is no host candidate, and gathering ends', async t => {
  const world = create(['192.0.2.1'])
  await world.sim.run(world.gatherer.gather({ ...OPTIONS, publishNames: true }))
  t.strictSame([world.told, world.ended], [[], 1])
  world.gatherer.close()
  await world.sim.run(world.gatherer.gather(OPTIONS))
  await world.sim.elapse(1000)
  t.equal(world.host.openSockets, 0, 'whoever is closed opens nothing')
})

t.test('a server that fails while gathering begins anew is told of once', async t => {
  for (const url of ['stun:192.0.2.99', 'turn:192.0.2.99', 'turn:192.0.2.99?transport=tcp']) {
    const world = create(['192.0.2.1'])
    const { sim, gatherer } = world
    const credentials = { username: 'ada', password: 'secret' }
    const servers = [{ url, uri: parseServerUri(url)!, credentials }]
    void gatherer.gather({ ...OPTIONS, servers })
    await sim.elapse(1000)
    await sim.run(gatherer.gather({ ...OPTIONS, servers }))
    await sim.elapse(20_000)
    t.strictSame([world.failed, world.ended], [[url], 1])
    gatherer.close()
  }
})

t.test('addresses that come and go before anybody listens are told as if they had always been so', async t => {
  const world = create(['192.0.2.1', '192.0.2.2'], true)
  const { sim, host, gatherer, told, sink } = world
  await sim.run(gatherer.gather(OPTIONS))
  host.removeAddress('192.0.2.2')
  host.addAddress('192.0.2.3')
  await sim.elapse(1000)
  gatherer.attach(sink)
  t.strictSame(
    told.map(({ address, unsignalled }) => [address, unsignalled]),
    [
      ['192.0.2.1', undefined],
      ['192.0.2.3', undefined],
    ],
  )
  t.equal(world.ended, 1)
  gatherer.close()
})
