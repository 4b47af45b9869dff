/** Requests that belong to no connection: told, kept for a moment, handed on, and bounded whatever comes. */

import t from 'tap'
import { openUdpBase } from '../../lib/gather/udp-base.ts'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import type { UnknownRequestInfo } from '../../lib/gather/unknown-requests.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { AgentAt } from './agent-at.ts'
import { check, data, packet, textOf } from './checks.ts'

const SERVER = '10.0.0.1'
const AT = `${SERVER}:3478`

const world = async (hook?: (request: UnknownRequestInfo, mux: UdpMux) => void, unknownRate?: number) => {
  const sim = new Simulation({ seed: 1 })
  const server = sim.createHost({ addresses: [SERVER] })
  const told: UnknownRequestInfo[] = []
  const mux: UdpMux = await UdpMux.open(server, {
    port: 3478,
    ...(unknownRate !== undefined && { unknownRate }),
    unknown: request => {
      told.push({ ...request, message: request.message.slice() })
      hook?.(request, mux)
    },
  })
  const inject = async (from: string, bytes: Uint8Array): Promise<void> => {
    sim.inject(from, AT, bytes)
    await sim.elapse(0)
  }
  return { sim, server, mux, told, inject }
}

const answerer = (mux: UdpMux, heard: string[]) => (fragment: string) => {
  const share = mux.ports[0]!.share({ receive: (bytes, address) => heard.push(`${address} ${textOf(bytes)}`) })
  share.fragments([fragment])
  return share
}

t.test('it is told with both halves, the source and where it came to', async t => {
  const { mux, told, inject } = await world()
  const request = check('libp2p+webrtc+v1/abc:libp2p+webrtc+v1/abc')
  await inject('10.0.0.2:99', request)
  t.same(told, [
    {
      protocol: 'udp',
      localFragment: 'libp2p+webrtc+v1/abc',
      remoteFragment: 'libp2p+webrtc+v1/abc',
      address: '10.0.0.2',
      port: 99,
      localAddress: SERVER,
      localPort: 3478,
      message: request,
    },
  ])
  mux.close()
})

t.test('a connection made at once gets the request', async t => {
  const heard: string[] = []
  const { mux, inject } = await world((request, mux) => answerer(mux, heard)(request.localFragment))
  await inject('10.0.0.2:99', check('frag1:peer'))
  t.same(heard, ['10.0.0.2 request'])
  t.equal(mux.pendingRequests, 0)
  mux.close()
})

t.test('a connection made within a second gets it too; a later one waits for the next', async t => {
  const { sim, mux, told, inject } = await world()
  const heard: string[] = []
  await inject('10.0.0.2:99', check('frag1:peer'))
  await inject('10.0.0.2:99', check('frag2:peer'))
  await sim.elapse(900)
  answerer(mux, heard)('frag1')
  t.same(heard, [], 'in a later turn, when its owner is ready')
  await sim.elapse(0)
  t.same(heard, ['10.0.0.2 request'])
  await sim.elapse(200)
  t.equal(mux.unknownCounters.expired, 1)
  answerer(mux, heard)('frag2')
  await sim.elapse(1)
  t.equal(heard.length, 1)
  await inject('10.0.0.2:99', check('frag2:peer'))
  t.equal(heard.length, 2)
  t.equal(told.length, 2)
  mux.close()
})

t.test('a connection that is closed before it is handed the request makes no trouble', async t => {
  const { sim, mux, told, inject } = await world()
  const heard: string[] = []
  await inject('10.0.0.2:99', check('frag1:peer'))
  answerer(mux, heard)('frag1').close()
  await sim.elapse(1)
  t.same(heard, [])
  t.equal(told.length, 1)
  mux.close()
})

t.test('sent again while it is kept, it is told once', async t => {
  const { sim, mux, told, inject } = await world()
  for (let i = 0; i < 5; i++) await inject('10.0.0.2:99', check('frag1:peer'))
  t.equal(told.length, 1)
  t.equal(mux.unknownCounters.repeated, 4)
  await inject('10.0.0.2:98', check('frag1:peer'))
  t.equal(told.length, 2, 'from elsewhere it is another')
  await sim.elapse(1001)
  await inject('10.0.0.2:99', check('frag1:peer'))
  t.equal(told.length, 3)
  mux.close()
})

t.test('what does not look like a check is not told', async t => {
  const { mux, told, inject } = await world()
  const broken = check('frag1:peer')
  broken[30]! ^= 1
  const bad = [
    check('frag1:peer', { fingerprint: false }),
    check('frag1:peer', { integrity: false }),
    broken,
    check('fr:peer'),
    check('frag1:'),
    check(':peer'),
    check('frag1:peer:more'),
    check('fr ag1:peer'),
    check(`${'a'.repeat(257)}:peer`),
  ]
  for (const bytes of bad) await inject('10.0.0.2:99', bytes)
  t.same(told, [])
  t.equal(mux.unknownCounters.malformed, bad.length)
  t.equal(mux.pendingRequests, 0)
  mux.close()
})

t.test('a flood is told at a bounded rate, and few are kept, of one source fewer', async t => {
  const { sim, mux, told, inject } = await world(undefined, 50)
  for (let i = 0; i < 500; i++) await inject(`10.0.0.2:${1000 + i}`, check(`frag${i}:peer`))
  t.equal(told.length, 50)
  t.equal(mux.unknownCounters.overRate, 450)
  t.equal(mux.pendingRequests, 4)
  await sim.elapse(500)
  for (let i = 0; i < 100; i++) await inject(`10.0.1.${i}:1`, check(`other${i}:peer`))
  t.equal(told.length, 75, 'half a second gives half of them')
  t.equal(mux.pendingRequests, 16)
  await sim.elapse(1001)
  t.equal(mux.pendingRequests, 0)
  t.equal(sim.pending, 0, 'no timer is left')
  mux.close()
})

t.test('closing the port takes back what is kept, and the timer', async t => {
  const { sim, mux, inject } = await world()
  await inject('10.0.0.2:99', check('frag1:peer'))
  t.equal(mux.pendingRequests, 1)
  mux.close()
  t.equal(mux.pendingRequests, 0)
  t.equal(sim.pending, 0)
})

t.test('known connections are untouched by it all', async t => {
  const { sim, mux, inject } = await world(undefined, 1)
  const heard: string[] = []
  const share = answerer(mux, heard)('frag1')
  const host = sim.createHost({ addresses: ['10.0.0.3'] })
  const base = (await openUdpBase(host, { address: '10.0.0.3', receive: () => {} }))!
  for (let i = 0; i < 100; i++) await inject(`10.0.0.2:${1000 + i}`, check(`x${i}xxx:peer`))
  base.send(packet(check('frag1:peer')), SERVER, 3478)
  share.send(packet(data('x')), '10.0.0.3', base.port)
  base.send(packet(data('y')), SERVER, 3478)
  await sim.elapse(1)
  t.same(heard, ['10.0.0.3 request', '10.0.0.3 y'])
  mux.close()
})

t.test('libp2p webrtc-direct: a server that learns of its clients by their checks, and answers the first', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 20 } })
  const server = sim.createHost({ addresses: [SERVER] })
  const ends: AgentAt[] = []
  const mux: UdpMux = await UdpMux.open(server, {
    port: 3478,
    unknown: ({ localFragment, remoteFragment }) => {
      // Something that takes its time comes first, as a certificate does.
      server.schedule(server.now() + 50, now => {
        const end = new AgentAt(server, 'controlled', { usernameFragment: localFragment, password: localFragment })
        const share = mux.ports[0]!.share({ receive: end.receive })
        share.fragments([localFragment])
        end.use(share)
        end.agent.setRemoteParameters({ usernameFragment: remoteFragment, password: remoteFragment }, now)
        end.settle()
        ends.push(end)
      })
    },
  })
  const clients = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const host = sim.createHost({ addresses: [`10.0.1.${i}`] })
      const name = `libp2p+webrtc+v1/${'x'.repeat(20)}${i}`
      const client = new AgentAt(host, 'controlling', { usernameFragment: name, password: name })
      client.use((await openUdpBase(host, { address: `10.0.1.${i}`, receive: client.receive }))!)
      // It knows the server by its address alone.
      const now = host.now()
      client.agent.setRemoteParameters({ usernameFragment: name, password: name }, now)
      const address = { component: 1, foundation: '1', protocol: 'udp', priority: 1, type: 'host' } as const
      client.agent.addRemoteCandidate({ ...address, address: SERVER, port: 3478 }, now)
      client.settle()
      return client
    }),
  )
  // Two round trips and the 50 ms; a check that is sent again goes out after 500.
  await sim.run(400)
  t.equal([...clients, ...ends].filter(({ connected }) => connected).length, 20)
  t.match(mux.unknownCounters, { told: 10, expired: 0 })
  for (const [i, client] of clients.entries()) client.say(`${i}`)
  await sim.elapse(25)
  t.same(ends.map(({ heard }) => heard.join()).sort(), [...'0123456789'])
  for (const end of [...clients, ...ends]) end.close()
  mux.close()
  t.equal(server.openSockets, 0)
})
