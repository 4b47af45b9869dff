/** The asking of servers: cut short, repeated, refused, lied to (RFC 8445, 5.1.1.2). */

import t from 'tap'
import { Attribute, encodeStun, Method, xorAddress } from '../../lib/stun/index.ts'
import { Asking, credentials, OTHER, SERVER, to } from './asking.ts'

t.test('ICE is through before a STUN server has answered: it is waited for, told, and not kept', async t => {
  const asking = new Asking([to(`stun:${SERVER}`), to(`stun:${OTHER}`)])
  const server = await asking.server()
  const gathered = asking.start()
  await asking.sim.elapse(10)
  asking.gatherer.rest()
  await asking.sim.run(gathered)
  t.equal(asking.ends.length, 1, 'gathering ends')
  t.match(asking.errors, [{ url: `stun:${OTHER}`, code: 701 }])
  t.match(asking.of('srflx'), [{ address: '203.0.113.9', server: SERVER }])
  await asking.sim.elapse(60_000)
  t.equal(server.served.length, 1, 'the binding is not kept')
  t.equal(await asking.end(server), 0)
})

t.test('closed while servers are asked: gathering ends then', async t => {
  const renew = () => new Promise<never>(() => {})
  for (const server of [to(`stun:${OTHER}`), to(`turn:${OTHER}`, { credentials }), to(`turn:${OTHER}`, { renew })]) {
    const asking = new Asking([server])
    const gathered = asking.start()
    await asking.sim.elapse(100)
    asking.gatherer.close()
    const at = asking.sim.now()
    await asking.sim.run(gathered)
    t.equal(asking.sim.now(), at)
    t.same([asking.errors, asking.ends], [[], []])
    t.equal(await asking.end(), 0)
  }
})

t.test('gathering again while an allocation is asked for: it ends when that is there', async t => {
  const asking = new Asking([to(`turn:${SERVER}`, { credentials })])
  const server = await asking.server()
  const first = asking.start()
  await asking.sim.elapse(30)
  const second = asking.start()
  await asking.sim.run(Promise.all([first, second]))
  const [relay] = asking.of('relay')
  t.equal(asking.of('relay').length, 1)
  t.equal(asking.ends.length, 1, 'the first is replaced')
  t.ok(asking.ends[0]! >= relay!.at)
  t.equal(server.allocations.size, 1)
  t.equal(await asking.end(server), 0)
})

t.test('gathering again: an allocation that stands is kept, one that does not is replaced', async t => {
  const asking = new Asking([to(`turn:${SERVER}`, { credentials })])
  const server = await asking.server()
  await asking.sim.run(asking.start())
  const [relay] = asking.of('relay')
  await asking.sim.elapse(1000)
  await asking.sim.run(asking.start())
  t.same(asking.gone, [])
  t.equal(server.served.filter(({ method }) => method === Method.allocate).length, 2, 'none is asked for')
  t.equal(server.served.filter(({ method }) => method === Method.refresh).length, 1)

  // As after a NAT has given us another port: the server knows of none.
  server.restart()
  await asking.sim.elapse(1000)
  asking.candidates.length = 0
  await asking.sim.run(asking.start())
  t.same(asking.gone, [relay!.socket])
  t.match(asking.of('relay').at(-1), { address: SERVER })
  t.not(asking.of('relay').at(-1)!.port, relay!.port)
  t.equal(server.allocations.size, 1)

  // A server that says nothing.
  server.mute = true
  await asking.sim.elapse(1000)
  const at = asking.sim.now()
  await asking.sim.run(asking.start())
  t.match(asking.errors, [{ code: 701 }])
  t.ok(asking.sim.now() - at < 15_000)
  t.equal(asking.gone.length, 2)
  t.equal(await asking.end(server), 0)
})

t.test('two URLs of one server over UDP: an allocation each, from ports of their own', async t => {
  const urls = [`turn:${SERVER}`, `turn:${SERVER}?transport=udp`]
  const asking = new Asking(urls.map(url => to(url, { credentials })))
  const server = await asking.server()
  await asking.sim.run(asking.start())
  t.same(asking.errors, [])
  t.same(
    asking
      .of('relay')
      .map(({ url }) => url)
      .sort(),
    urls,
  )
  t.ok(asking.ends[0]! < 1000)
  t.equal(server.allocations.size, 2)
  t.equal(asking.of('srflx').length, 1, 'of the port that ICE uses alone')
  t.equal(await asking.end(server), 0)
  t.equal(server.allocations.size, 0)
})

t.test('a server that knows our port by another allocation (437) is asked from another port', async t => {
  const asking = new Asking([to(`turn:${SERVER}`, { credentials })])
  const server = await asking.server()
  server.refuse(437, { method: Method.allocate })
  await asking.sim.run(asking.start())
  t.same(asking.errors, [])
  t.equal(asking.of('relay').length, 1)
  t.equal(new Set(server.served.map(({ from }) => from)).size, 2)
  server.refuse(437, { method: Method.allocate, times: 9 })
  t.equal(await asking.end(server), 0)

  const barred = new Asking([to(`turn:${SERVER}`, { credentials })])
  const never = await barred.server()
  never.refuse(437, { method: Method.allocate, times: 99 })
  await barred.sim.run(barred.start())
  t.match(barred.errors, [{ code: 437 }])
  t.ok(never.served.length <= 6, 'there is an end to it')
  t.equal(await barred.end(never), 0)
})

t.test('credentials in another name are used from another port', async t => {
  let calls = 0
  const renew = async () => {
    calls++
    return credentials
  }
  const asking = new Asking([to(`turn:${SERVER}`, { credentials: { username: '1:eve', password: 'x' }, renew })])
  const server = await asking.server()
  await asking.sim.run(asking.start())
  t.same(asking.errors, [])
  t.equal(asking.of('relay').length, 1)
  t.equal(calls, 1)
  const names = new Map<string, Set<string>>()
  for (const { from, message } of server.served) {
    const name = message.find(Attribute.username)
    if (name === undefined) continue
    names.set(from, (names.get(from) ?? new Set()).add(new TextDecoder().decode(name)))
  }
  t.same(
    [...names.values()].map(set => [...set]),
    [['1:eve'], ['ada']],
  )
  t.equal(await asking.end(server), 0)
})

t.test('an application that gives no credentials in time does not hold up the rest', async t => {
  const asking = new Asking([to(`turn:${SERVER}`, { renew: () => new Promise<never>(() => {}) })])
  const server = await asking.server()
  await asking.sim.run(asking.start())
  t.match(asking.errors, [{ code: 701, at: 10_000 }])
  t.equal(server.served.length, 0)
  t.equal(await asking.end(server), 0)

  const throws = new Asking([
    to(`turn:${SERVER}`, {
      renew: () => {
        throw new Error('not now')
      },
    }),
  ])
  await throws.sim.run(throws.start())
  t.match(throws.errors, [{ code: 701, at: 0 }])
  t.equal(await throws.end(), 0)
})

t.test('an address that nothing can come from is none', async t => {
  const asking = new Asking([to(`stun:${SERVER}`)])
  await asking.answering(({ transactionId }) =>
    encodeStun({
      kind: 'success',
      method: Method.binding,
      transactionId,
      attributes: [xorAddress(Attribute.xorMappedAddress, { address: '203.0.113.9', port: 0 }, transactionId)],
    }),
  )
  await asking.sim.run(asking.start())
  t.match(asking.errors, [{ code: 701 }])
  t.same(asking.of('srflx'), [])
  t.equal(await asking.end(), 0)
})
