/** A UDP base: any free port or one of a range, datagrams both ways, nothing left behind. */

import t from 'tap'
import { openUdpBase } from '../../lib/gather/udp-base.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { data, packet, textOf } from './checks.ts'

const ADDRESS = '10.0.0.1'
const quiet = { address: ADDRESS, receive: () => {} }

t.test('datagrams go both ways and are counted', async t => {
  const sim = new Simulation({ seed: 1 })
  const a = sim.createHost({ addresses: [ADDRESS] })
  const b = sim.createHost({ addresses: ['10.0.0.2'] })
  const heard: unknown[] = []
  const one = (await openUdpBase(a, {
    address: ADDRESS,
    receive: (bytes, address, port) => heard.push([textOf(bytes), address, port]),
  }))!
  const two = (await openUdpBase(b, {
    address: '10.0.0.2',
    receive: (bytes, address, port) => {
      two.send(packet(data(`${textOf(bytes)} back`)), address, port)
    },
  }))!
  one.send(packet(data('hello')), two.address, two.port)
  await sim.elapse(1)
  t.same(heard, [['hello back', '10.0.0.2', two.port]])
  t.match(one.counters, { packetsSent: 1, packetsReceived: 1, socketErrors: 0 })
  t.equal(one.protocol, 'udp')
  one.close()
  one.close()
  two.close()
  t.equal(a.openSockets + b.openSockets, 0)
})

t.test('a port of the range, until none is left; then there is no base, and no error', async t => {
  const host = new Simulation({ seed: 2 }).createHost({ addresses: [ADDRESS] })
  const portRange = { min: 5000, max: 5009 }
  const bases = await Promise.all(Array.from({ length: 10 }, () => openUdpBase(host, { ...quiet, portRange })))
  t.same(
    bases.map(base => base?.port).sort(),
    Array.from({ length: 10 }, (_, i) => 5000 + i),
  )
  t.not(bases[0]!.port, 5000, 'it begins anywhere in the range')
  t.equal(await openUdpBase(host, { ...quiet, portRange }), undefined)
  for (const base of bases) base?.close()
  t.equal(host.openSockets, 0)
})

t.test('256 ports of a long range are tried at most, and only while they are taken', async t => {
  const real = new Simulation({ seed: 3 }).createHost({ addresses: [ADDRESS] })
  let attempts = 0
  const refusing = (code: string): typeof real =>
    new Proxy(real, {
      get: (target, name) => {
        if (name === 'random') return target.random
        return () => {
          attempts++
          return Promise.reject(Object.assign(new Error(code), { code }))
        }
      },
    })
  const portRange = { min: 1024, max: 65535 }
  t.equal(await openUdpBase(refusing('EADDRINUSE'), { ...quiet, portRange }), undefined)
  t.equal(attempts, 256)
  attempts = 0
  t.equal(await openUdpBase(refusing('EADDRNOTAVAIL'), { ...quiet, portRange }), undefined)
  t.equal(attempts, 1)
})

t.test('what the platform says about sending is told and counted, and kills nothing', async t => {
  const sim = new Simulation({ seed: 4 })
  const host = sim.createHost({ addresses: [ADDRESS] })
  const codes: string[] = []
  const base = (await openUdpBase(host, { ...quiet, failed: code => codes.push(code) }))!
  base.send(packet(data('x')), 'fd00::1', 1)
  await sim.elapse(1)
  t.same(codes, ['EINVAL'])
  t.equal(base.counters.socketErrors, 1)
  base.close()
})
