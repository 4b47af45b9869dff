/** TCP bases: an active one connects to a passive one, two simultaneous ones to each other; ends are told. */

import t from 'tap'
import type { Base } from '../../lib/gather/base.ts'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { openTcpPassiveBase } from '../../lib/gather/tcp-passive.ts'
import { openTcpSimultaneousBase } from '../../lib/gather/tcp-simultaneous.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { check, data, packet, success, textOf, transactionId } from './checks.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'

/** What a base has told. */
class Log {
  readonly heard: string[] = []
  readonly lost: string[] = []
  from: { address: string; port: number } | undefined
  readonly receive = (bytes: Uint8Array, address: string, port: number): void => {
    this.heard.push(textOf(bytes))
    this.from = { address, port }
  }
  readonly lostAt = (address: string, port: number): void => {
    this.lost.push(`${address} ${port}`)
  }
  options(address: string) {
    return { address, receive: this.receive, lost: this.lostAt }
  }
}

const world = (delay = 10) => {
  const sim = new Simulation({ seed: 1, network: { delay } })
  const a = sim.createHost({ addresses: [A] })
  const b = sim.createHost({ addresses: [B] })
  return { sim, a, b, la: new Log(), lb: new Log() }
}

const closeAll = async (sim: Simulation, hosts: SimulatedHost[], bases: Base[], equal: (n: number) => void) => {
  for (const base of bases) {
    base.close()
    base.close()
  }
  await sim.elapse(60_000)
  equal(hosts.reduce((sum, host) => sum + host.openSockets, 0))
}

t.test('active to passive: what is sent while it connects arrives, then data both ways', async t => {
  const { sim, a, b, la, lb } = world()
  const active = new TcpActiveBase(a, la.options(A))
  const passive = (await openTcpPassiveBase(b, { ...lb.options(B), portRange: { min: 7000, max: 7010 } }))!
  t.ok(passive.port >= 7000 && passive.port <= 7010)
  t.match(active, { protocol: 'tcp', address: A, port: 9 })
  t.match(passive, { protocol: 'tcp', address: B })
  active.send(packet(check('pass:act1')), B, passive.port)
  active.send(packet(data('early')), B, passive.port)
  await sim.elapse(100)
  t.same(lb.heard, ['request', 'early'])
  passive.send(packet(success(transactionId())), lb.from!.address, lb.from!.port)
  passive.send(packet(data('back')), lb.from!.address, lb.from!.port)
  await sim.elapse(100)
  t.same(la.heard, ['success', 'back'])
  t.same(la.from, { address: B, port: passive.port })
  t.match(active.counters, { connected: 1, packetsSent: 2, packetsReceived: 2 })
  t.match(passive.counters, { accepted: 1, packetsSent: 2, packetsReceived: 2 })
  t.same([la.lost, lb.lost], [[], []])
  await closeAll(sim, [a, b], [active, passive], n => t.equal(n, 0))
  t.same([la.lost, lb.lost], [[], []], 'closing ourselves tells nothing')
})

t.test('a refused connection is told as lost; so is one that ends, to both sides', async t => {
  const { sim, a, b, la, lb } = world()
  const active = new TcpActiveBase(a, la.options(A))
  active.send(packet(check('pass:act1')), B, 7777)
  await sim.elapse(100)
  t.same(la.lost, [`${B} 7777`])
  t.equal(active.counters.failedConnects, 1)
  t.equal(active.connections, 0)

  const passive = (await openTcpPassiveBase(b, lb.options(B)))!
  active.send(packet(check('pass:act1')), B, passive.port)
  await sim.elapse(100)
  passive.close()
  await sim.elapse(100)
  t.same(la.lost.slice(1), [`${B} ${passive.port}`])
  active.send(packet(check('pass:act1')), B, passive.port)
  await sim.elapse(100)
  t.equal(la.lost.length, 3, 'a later packet tries again')

  const again = (await openTcpPassiveBase(b, lb.options(B)))!
  active.send(packet(check('pass:act1')), B, again.port)
  await sim.elapse(100)
  active.close()
  await sim.elapse(100)
  t.equal(lb.lost.length, 1)
  t.equal(again.connections, 0)
  await closeAll(sim, [a, b], [again], n => t.equal(n, 0))
})

t.test('an active base that is closed while it connects leaves nothing behind', async t => {
  const { sim, a, b, la, lb } = world()
  const active = new TcpActiveBase(a, la.options(A))
  const passive = (await openTcpPassiveBase(b, lb.options(B)))!
  active.send(packet(check('pass:act1')), B, passive.port)
  active.send(packet(check('pass:act1')), '10.9.9.9', 1)
  await sim.elapse(15)
  active.close()
  active.send(packet(data('x')), B, passive.port)
  await closeAll(sim, [a, b], [active, passive], n => t.equal(n, 0))
  t.same([la.heard, la.lost], [[], []])
})

t.test('a passive base sends only where a connection came from', async t => {
  const { sim, a, b, lb } = world()
  const passive = (await openTcpPassiveBase(b, lb.options(B)))!
  let released = 0
  const item = packet(data('x'))
  item.release = () => {
    released++
  }
  passive.send(item, A, 1000)
  await sim.elapse(100)
  t.equal(released, 1)
  t.equal(passive.counters.droppedUnconnected, 1)
  t.equal(a.openSockets, 0)
  passive.close()
})

t.test(
  'simultaneous open: both connect, from the port that the other connects to, and it is one connection',
  async t => {
    const { sim, a, b, la, lb } = world()
    const one = (await openTcpSimultaneousBase(a, la.options(A)))!
    const two = (await openTcpSimultaneousBase(b, lb.options(B)))!
    one.send(packet(check('two1:one1')), B, two.port)
    two.send(packet(check('one1:two1')), A, one.port)
    await sim.elapse(1000)
    t.same([la.heard, lb.heard], [['request'], ['request']])
    t.same(la.from, { address: B, port: two.port })
    t.same(lb.from, { address: A, port: one.port })
    one.send(packet(data('to two')), B, two.port)
    two.send(packet(data('to one')), A, one.port)
    await sim.elapse(100)
    t.same([la.heard.at(-1), lb.heard.at(-1)], ['to one', 'to two'])
    t.same([one.connections, two.connections], [1, 1])
    t.same([la.lost, lb.lost], [[], []])
    await closeAll(sim, [a, b], [one, two], n => t.equal(n, 0))
  },
)

t.test('simultaneous open: the side that begins later is met by listening', async t => {
  const { sim, a, b, la, lb } = world()
  const one = (await openTcpSimultaneousBase(a, la.options(A)))!
  const two = (await openTcpSimultaneousBase(b, lb.options(B)))!
  one.send(packet(check('two1:one1')), B, two.port)
  await sim.elapse(1000)
  t.same(lb.heard, ['request'])
  two.send(packet(success(transactionId())), A, one.port)
  await sim.elapse(100)
  t.same(la.heard, ['success'])
  t.same([one.connections, two.connections], [1, 1])
  await closeAll(sim, [a, b], [one, two], n => t.equal(n, 0))
})

t.test('simultaneous open: refused at first, it tries again until the other side is there, or time is up', async t => {
  const { sim, a, b, la, lb } = world()
  const one = (await openTcpSimultaneousBase(a, la.options(A)))!
  one.send(packet(check('two1:one1')), B, 7000)
  await sim.elapse(3000)
  t.same(la.lost, [])
  const two = (await openTcpSimultaneousBase(b, { ...lb.options(B), portRange: { min: 7000, max: 7000 } }))!
  await sim.elapse(1000)
  t.same(lb.heard, ['request'])

  one.send(packet(check('two1:one1')), B, 7001)
  await sim.elapse(20_000)
  t.same(la.lost, [`${B} 7001`])
  t.equal(one.counters.failedConnects, 1)
  one.send(packet(check('two1:one1')), B, 7002)
  await sim.elapse(500)
  await closeAll(sim, [a, b], [one, two], n => t.equal(n, 0))
  t.equal(la.lost.length, 1, 'nothing is told after close')
  t.equal(sim.pending, 0)
})

t.test('simultaneous open: through two NATs that let in only what was asked for', async t => {
  const sim = new Simulation({ seed: 3, network: { delay: 20 } })
  const outside = ['198.51.100.1', '198.51.100.2']
  const hosts = outside.map((address, i) => {
    const behind = sim.createNat({ addresses: [address], kind: 'port-restricted', portPreservation: true })
    return sim.createHost({ addresses: [`10.0.${i}.1`], behind })
  })
  const logs = [new Log(), new Log()]
  const bases = await Promise.all(
    hosts.map(async (host, i) => (await openTcpSimultaneousBase(host, logs[i]!.options(`10.0.${i}.1`)))!),
  )
  for (const i of [0, 1]) {
    bases[i]!.send(packet(check('ours:them')), outside[1 - i]!, bases[1 - i]!.port)
    // The answer came later than the offer.
    await sim.elapse(300)
  }
  await sim.elapse(5000)
  t.same(
    logs.map(({ heard }) => heard),
    [['request'], ['request']],
  )
  await closeAll(sim, hosts, bases, n => t.equal(n, 0))
})

t.test('simultaneous open: a stream that ends before anything came is made again, and all is sent again', async t => {
  const { sim, a, b, la } = world()
  const one = (await openTcpSimultaneousBase(a, la.options(A)))!
  let streams = 0
  const heard: number[] = []
  // As when the other side stops listening while our stream still waits to be taken.
  const listener = await b.listenStream({
    address: B,
    accept: socket => {
      streams++
      if (streams < 3) socket.close()
      return { receive: bytes => heard.push(bytes.length), closed: () => {} }
    },
  })
  const request = check('two1:one1')
  one.send(packet(request), B, listener.port)
  await sim.elapse(2000)
  t.equal(streams, 3)
  t.same(heard, [2 + request.length])
  t.same(la.lost, [])
  listener.close()
  await closeAll(sim, [a, b], [one], n => t.ok(n <= 1, 'what the listener took is not ours'))
})

t.test('on a platform that cannot connect from a port that listens, it stops listening', async t => {
  const { sim, a, b, la, lb } = world()
  /** As Linux does without SO_REUSEPORT. */
  const strict = (host: SimulatedHost): SimulatedHost => {
    const listening = new Set<number>()
    return new Proxy(host, {
      get: (target, name) => {
        if (name === 'listenStream') {
          return async (options: Parameters<SimulatedHost['listenStream']>[0]) => {
            const listener = await target.listenStream(options)
            listening.add(listener.port)
            return {
              address: listener.address,
              port: listener.port,
              close: () => {
                listening.delete(listener.port)
                listener.close()
              },
            }
          }
        }
        if (name === 'openStream') {
          return async (options: Parameters<SimulatedHost['openStream']>[0]) => {
            if (listening.has(options.port ?? 0)) throw Object.assign(new Error('bind'), { code: 'EADDRINUSE' })
            return target.openStream(options)
          }
        }
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const one = (await openTcpSimultaneousBase(strict(a), la.options(A)))!
  const two = (await openTcpSimultaneousBase(strict(b), lb.options(B)))!
  one.send(packet(check('two1:one1')), B, two.port)
  two.send(packet(check('one1:two1')), A, one.port)
  await sim.elapse(3000)
  t.same([la.heard, lb.heard], [['request'], ['request']])
  await closeAll(sim, [a, b], [one, two], n => t.equal(n, 0))
})

t.test('a connection that only asks is kept while it is answered; one that is never answered is not', async t => {
  const { sim, a, b, la, lb } = world()
  const active = new TcpActiveBase(a, la.options(A))
  const passive = (await openTcpPassiveBase(b, lb.options(B)))!
  const mute = await b.listenStream({ address: B, accept: () => ({ receive: () => {}, closed: () => {} }) })
  for (let i = 0; i < 20; i++) {
    active.send(packet(check('pass:act1')), B, passive.port)
    active.send(packet(check('mute:act1')), B, mute.port)
    await sim.elapse(100)
    // A lite peer answers, and asks nothing.
    passive.send(packet(success(transactionId())), lb.from!.address, lb.from!.port)
    await sim.elapse(4900)
    if (i === 10) t.same(la.lost[0], `${B} ${mute.port}`)
  }
  t.equal(active.connections, 2, 'the mute one is tried anew')
  t.notOk(la.lost.includes(`${B} ${passive.port}`))
  mute.close()
  await closeAll(sim, [a, b], [active, passive], n => t.equal(n, 0))
})
