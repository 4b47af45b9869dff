/** The same seed gives the same packets at the same times, to the byte; another seed gives others. */

import { createHash } from 'node:crypto'
import t from 'tap'
import { createPair, pattern } from './pair.ts'
import { endingOf, peerAt } from './site.ts'
import { drawTopology } from './topology.ts'

const digestOfRun = async (seed: number): Promise<{ digest: string; packets: number }> => {
  const pair = createPair({ seed, network: { delay: 25, jitter: 5, loss: 0.05, duplicate: 0.02 } })
  const digest = createHash('sha256')
  let packets = 0
  pair.sim.onPacket = (time, from, to, bytes) => {
    packets++
    digest.update(`${time} ${from} ${to} ${bytes.length}\n`).update(bytes)
  }
  const channel = pair.a.createDataChannel('data')
  let received = 0
  pair.b.ondatachannel = event => {
    event.channel.onmessage = () => received++
  }
  channel.onopen = () => {
    for (let i = 0; i < 50; i++) channel.send(pattern(4_000, i))
  }
  const negotiated = pair.negotiate()
  await pair.sim.run(() => received === 50)
  await negotiated
  pair.a.close()
  pair.b.close()
  return { digest: digest.digest('hex'), packets }
}

t.test('two runs with one seed are the same', async t => {
  const first = await digestOfRun(42)
  t.same(await digestOfRun(42), first)
  t.ok(first.packets > 200)
  t.not((await digestOfRun(43)).digest, first.digest)
})

t.test('so it is behind NATs and firewalls, over UDP, TCP and TLS to a relay', async t => {
  const run = async (seed: number): Promise<{ digest: string; protocols: string[]; networks: number }> => {
    const { internet, hosts } = await drawTopology(seed)
    const digest = createHash('sha256')
    const protocols = new Set<string>()
    const networks = new Set<string>()
    internet.sim.onPacket = (time, from, to, bytes, fate, protocol, network) => {
      protocols.add(protocol)
      networks.add(network)
      digest.update(`${time} ${from} ${to} ${bytes.length} ${fate} ${protocol} ${network}\n`).update(bytes)
    }
    const [a, b] = hosts.map((host, i) => peerAt(host, seed + i))
    await endingOf(internet.sim, a!, b!)
    return { digest: digest.digest('hex'), protocols: [...protocols].sort(), networks: networks.size }
  }
  for (const seed of [2, 3]) {
    const first = await run(seed)
    t.same(await run(seed), first)
    t.same(first.protocols, ['tcp', 'udp'])
    t.ok(first.networks > 1)
  }
})
