/** The platform's own sockets on loopback: shared ports, and TCP of each kind; several threads, a port each. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import type { Base } from '../../lib/gather/base.ts'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { TcpMux } from '../../lib/gather/tcp-mux.ts'
import { openTcpPassiveBase } from '../../lib/gather/tcp-passive.ts'
import { openTcpSimultaneousBase } from '../../lib/gather/tcp-simultaneous.ts'
import { openUdpBase } from '../../lib/gather/udp-base.ts'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import type { TcpType } from '../../lib/ice/index.ts'
import { host } from '../../lib/net/index.ts'
import { AgentAt } from './agent-at.ts'

const LOOPBACK = '127.0.0.1'

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** Connects the agents, has each say something, and closes them. */
const talk = async (t: Test, pairs: readonly (readonly [AgentAt, AgentAt])[]): Promise<void> => {
  for (const [one, two] of pairs) {
    one.learn(two)
    two.learn(one)
  }
  await until(() => pairs.flat().every(({ connected }) => connected))
  for (const [i, [one, two]] of pairs.entries()) {
    one.say(`from ${i}`)
    two.say(`to ${i}`)
  }
  await until(() => pairs.flat().every(({ heard }) => heard.length > 0))
  t.ok(pairs.every(([one, two], i) => one.heard.join() === `to ${i}` && two.heard.join() === `from ${i}`))
  for (const agent of pairs.flat()) agent.close()
}

const agents = (): [AgentAt, AgentAt] => [new AgentAt(host, 'controlling'), new AgentAt(host, 'controlled')]

t.test('ten connections on one UDP port', async t => {
  const mux = await UdpMux.open(host, { addresses: [LOOPBACK] })
  const pairs = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const [one, two] = agents()
      one.use((await openUdpBase(host, { address: LOOPBACK, receive: one.receive }))!)
      const share = mux.ports[0]!.share({ receive: two.receive })
      share.fragments([two.agent.localParameters.usernameFragment])
      two.use(share)
      return [one, two] as const
    }),
  )
  await talk(t, pairs)
  mux.close()
})

t.test('ten connections on one TCP port', async t => {
  const mux = await TcpMux.open(host, { addresses: [LOOPBACK] })
  const pairs = Array.from({ length: 10 }, () => {
    const [one, two] = agents()
    one.use(new TcpActiveBase(host, { address: LOOPBACK, receive: one.receive, lost: one.lost }), 'active')
    const share = mux.ports[0]!.share({ receive: two.receive, lost: two.lost })
    share.fragments([two.agent.localParameters.usernameFragment])
    two.use(share, 'passive')
    return [one, two] as const
  })
  await talk(t, pairs)
  mux.close()
})

const open = async (agent: AgentAt, type: TcpType): Promise<void> => {
  const options = { address: LOOPBACK, receive: agent.receive, lost: agent.lost }
  const base: Base | undefined =
    type === 'active'
      ? new TcpActiveBase(host, options)
      : await (type === 'passive' ? openTcpPassiveBase(host, options) : openTcpSimultaneousBase(host, options))
  agent.use(base!, type)
}

for (const [mine, yours] of [
  ['active', 'passive'],
  ['passive', 'active'],
  ['so', 'so'],
] as const) {
  t.test(`TCP: ${mine} to ${yours}`, async t => {
    const [one, two] = agents()
    await open(one, mine)
    await open(two, yours)
    await talk(t, [[one, two]])
  })
}

t.test('several threads, each with a shared port of its own', async t => {
  const path = new URL('./mux-worker.js', import.meta.url)
  const workers = Array.from({ length: 2 }, () => new Worker(path))
  const ports = await Promise.all(workers.map(async worker => (await once(worker, 'message'))[0] as number))
  t.equal(new Set(ports).size, 2)
  for (const [i, worker] of workers.entries()) {
    const base = (await openUdpBase(host, {
      address: LOOPBACK,
      receive: (bytes, _, port) => worker.emit('heard', bytes.length, port),
    }))!
    const heard = once(worker, 'heard')
    const { check, packet } = await import('./checks.ts')
    base.send(packet(check('frag:peer')), LOOPBACK, ports[i]!)
    t.same((await heard)[1], ports[i])
    base.close()
    const gone = once(worker, 'exit')
    worker.postMessage('close')
    t.same(await gone, [0])
  }
})
