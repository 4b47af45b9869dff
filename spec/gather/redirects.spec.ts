/** Servers that send us on to others (300, ALTERNATE-SERVER: RFC 8489, 10). */

import t from 'tap'
import { UdpMux } from '../../lib/gather/index.ts'
import {
  Attribute,
  alternateDomain,
  errorResponse,
  Method,
  plainAddress,
  type StunMessage,
} from '../../lib/stun/index.ts'
import { Asking, credentials, OTHER, SERVER, to } from './asking.ts'

t.test('sent on: to another server once, never back, and not to another family', async t => {
  const asking = new Asking([to(`stun:${SERVER}`)])
  const send =
    (address: string, port = 3478) =>
    (message: StunMessage) =>
      errorResponse(message, 300, 'Try Alternate', [plainAddress(Attribute.alternateServer, { address, port })])
  const first = await asking.answering(send(OTHER))
  const second = await asking.answering(send(SERVER), OTHER)
  await asking.sim.run(asking.start())
  t.match(asking.errors, [{ code: 300, at: 80 }])
  t.same([first.asked, second.asked], [1, 1])
  t.equal(await asking.end(), 0)

  for (const [address, port] of [
    [SERVER, 3478],
    [OTHER, 0],
    ['2001:db8::1', 3478],
  ] as const) {
    const self = new Asking([to(`stun:${SERVER}`)])
    const asked = await self.answering(send(address, port))
    await self.sim.run(self.start())
    t.match(self.errors, [{ code: 300, at: 40 }])
    t.equal(asked.asked, 1)
    t.equal(await self.end(), 0)
  }
})

t.test('sent on from a port that connections share: from another one of its own', async t => {
  const asking = new Asking([to(`turn:${SERVER}`, { credentials })])
  const server = await asking.server()
  const other = await asking.server({}, OTHER)
  const udpMux = await asking.sim.run(UdpMux.open(asking.host, { port: 5000 }))
  asking.options = { ...asking.options, udpMux }
  const attributes = () => [plainAddress(Attribute.alternateServer, { address: OTHER, port: 3478 })]
  server.refuse(300, { method: Method.allocate, bare: true, attributes })
  await asking.sim.run(asking.start())
  t.same(asking.errors, [])
  t.match(asking.of('relay'), [{ address: OTHER }])
  udpMux.close()
  t.equal(await asking.end(server, other), 0)
})

t.test('sent on over TLS: the certificate is of the domain that ALTERNATE-DOMAIN names', async t => {
  for (const [domain, code] of [
    ['two.example.org', undefined],
    ['three.example.org', 701],
    [undefined, 701],
  ] as const) {
    const asking = new Asking([to('turns:one.example.org', { credentials })])
    asking.sim.setName('one.example.org', [SERVER])
    const server = await asking.server({ tls: { port: 5349, names: ['one.example.org'] } })
    const other = await asking.server({ tls: { port: 5349, names: ['two.example.org'] } }, OTHER)
    server.refuse(300, {
      method: Method.allocate,
      bare: true,
      attributes: () => [
        plainAddress(Attribute.alternateServer, { address: OTHER, port: 5349 }),
        ...(domain === undefined ? [] : [alternateDomain(domain)]),
      ],
    })
    await asking.sim.run(asking.start())
    t.same(
      asking.errors.map(error => error.code),
      code === undefined ? [] : [code],
    )
    t.equal(asking.of('relay').length, code === undefined ? 1 : 0)
    t.equal(await asking.end(server, other), 0)
  }
})
