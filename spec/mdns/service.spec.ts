import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { type AddressRecord, concealingName, decodeMessage, encodeMessage, MdnsService } from '../../lib/mdns/index.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'

const GROUP = '224.0.0.251'
const NAME = '11111111-1111-4111-8111-111111111111.local'
const nameOf = (i: number): string => `${i.toString(16).padStart(8, '0')}-1111-4111-8111-111111111111.local`

/** Two hosts on one link, each with both address families. */
const start = (network = {}) => {
  const sim = new Simulation({ seed: 3, network: { delay: 1, ...network } })
  const a = sim.createHost({ addresses: ['10.0.0.1'] })
  const b = sim.createHost({ addresses: ['10.0.0.2'] })
  a.addAddress('fd00::1', 'eth0')
  b.addAddress('fd00::2', 'eth0')
  return { sim, a, b, here: new MdnsService(a), there: new MdnsService(b) }
}

/** Somebody on the link who is no service: hears what goes to the group, and says what it likes. */
const listen = async (host: SimulatedHost, address: string) => {
  const heard: { at: number; message: NonNullable<ReturnType<typeof decodeMessage>> }[] = []
  const socket = await host.openMulticast({
    group: GROUP,
    port: 5353,
    address,
    receive: (bytes, _address, _port, at) => heard.push({ at, message: decodeMessage(bytes)! }),
  })
  return { heard, socket }
}

const responseOf = (...records: readonly Partial<AddressRecord>[]): Uint8Array =>
  encodeMessage({
    id: 0,
    response: true,
    truncated: false,
    questions: [],
    records: records.map(record => ({ name: NAME, address: '10.0.0.9', ttl: 120, flush: true, ...record })),
  })

t.test('what one host publishes the other resolves, each address by a name of its own', async t => {
  const { sim, here, there } = start()
  const four = await here.publish('10.0.0.1')
  const six = await here.publish('FD00:0::1')
  t.not(four, six)
  t.same(await sim.run(there.resolve(four)), ['10.0.0.1'])
  t.same(await sim.run(there.resolve(six.toUpperCase())), ['fd00::1'])
  t.same(await sim.run(here.resolve(four)), ['10.0.0.1'], 'its own name')
  t.ok(sim.now() < 10)
  here.close()
  there.close()
})

t.test('a name is resolved as soon as it is published', async t => {
  const { sim, a, there } = start()
  const random = { fill: <T extends Uint8Array>(target: T): T => target.fill(0x11) }
  const name = concealingName(random)
  const answer = there.resolve(name)
  await sim.elapse(2000)
  t.equal(await new MdnsService(a, random).publish('10.0.0.1'), name)
  t.same(await sim.run(answer), ['10.0.0.1'])
  t.ok(sim.now() <= 3010, 'the announcement, or the question of then')
})

t.test('a lost question is asked again, and a lost answer given again', async t => {
  const { sim, a, b, here, there } = start()
  const name = await here.publish('10.0.0.1')
  await sim.elapse(5000)
  sim.setLink(b, a, { loss: 1 })
  const first = there.resolve(name)
  await sim.elapse(500)
  sim.setLink(b, a, undefined)
  t.same(await sim.run(first), ['10.0.0.1'])
  t.ok(sim.now() >= 6000 && sim.now() < 6010, 'the second question')

  there.close()
  await sim.elapse(10)
  const again = new MdnsService(b)
  sim.setLink(a, b, { loss: 1 })
  const second = again.resolve(name)
  const begun = sim.now()
  await sim.elapse(2000)
  sim.setLink(a, b, undefined)
  t.same(await sim.run(second), ['10.0.0.1'])
  t.ok(sim.now() >= begun + 3000 && sim.now() < begun + 3010, 'the answer to the third')
})

t.test('a name that nobody has, or nobody may have, resolves to nothing and fails nobody', async t => {
  const { sim, here, there } = start()
  here.resolve(NAME)
  t.same(await there.resolve('printer.local'), [])
  t.same(await there.resolve(''), [])
  t.equal(there.openSockets, 0, 'nothing was asked')
  const answer = there.resolve(NAME)
  const same = there.resolve(NAME)
  t.same(await sim.run(Promise.all([answer, same])), [[], []])
  t.equal(sim.now(), 10_000)
  t.equal(there.counters.questions, 8, 'four times, for both families, once for both who asked')
})

t.test('sockets are open only while there is something to do', async t => {
  const { sim, a, b, here, there } = start()
  t.equal(a.openSockets, 0)
  const name = await here.publish('10.0.0.1')
  t.equal(a.openSockets, 2, 'one for each family')
  t.same(await sim.run(there.resolve(name)), ['10.0.0.1'])
  t.equal(b.openSockets, 2)
  await sim.elapse(999)
  t.equal(b.openSockets, 2)
  await sim.elapse(1)
  t.equal(b.openSockets, 0)
  await sim.elapse(60_000)
  t.equal(a.openSockets, 2)
  here.withdraw(name)
  await sim.elapse(1000)
  t.equal(a.openSockets, 0)
  t.equal(sim.pending, 0, 'and nothing is waited for')
  t.match(await here.publish('10.0.0.1'), /\.local$/)
  t.equal(a.openSockets, 2, 'and opened again')
})

t.test('a goodbye makes the other forget', async t => {
  const { sim, here, there } = start()
  const keep = await here.publish('fd00::1')
  const name = await here.publish('10.0.0.1')
  await there.publish('10.0.0.2')
  t.same(await sim.run(there.resolve(name)), ['10.0.0.1'])
  t.same(await there.resolve(name), ['10.0.0.1'], 'remembered')
  await sim.elapse(2000)
  here.withdraw(name)
  await sim.elapse(1010)
  const before = sim.now()
  t.same(await sim.run(there.resolve(name)), [])
  t.equal(sim.now(), before + 10_000, 'it was asked for')
  t.same(await sim.run(there.resolve(keep)), ['fd00::1'])
})

t.test('an address is answered for on its own interface only', async t => {
  const sim = new Simulation({ seed: 4, network: { delay: 1 } })
  const a = sim.createHost({ addresses: ['10.0.0.1', '10.0.0.3'] })
  const peer = sim.createHost({ addresses: ['10.0.0.2'] })
  const service = new MdnsService(a)
  const { heard, socket } = await listen(peer, '10.0.0.2')
  const froms: string[] = []
  sim.onPacket = (_at, from) => froms.push(from)
  await service.publish('10.0.0.3')
  await sim.elapse(3000)
  t.ok(heard.length > 0)
  t.same([...new Set(froms)], ['10.0.0.3:5353'])
  socket.close()
  service.close()
})

t.test('interfaces that come and go are followed', async t => {
  const { sim, a, b, here, there } = start()
  await here.publish('10.0.0.1')
  t.equal(here.openSockets, 2)
  a.addAddress('10.0.0.5', 'wlan0')
  const name = await here.publish('10.0.0.5')
  t.equal(here.openSockets, 3)
  t.same(await sim.run(there.resolve(name)), ['10.0.0.5'])
  a.removeAddress('10.0.0.5')
  await sim.elapse(1)
  t.equal(here.openSockets, 2)

  const { heard } = await listen(b, '10.0.0.2')
  a.addAddress('10.0.0.5', 'wlan0')
  await sim.elapse(1010)
  t.equal(here.openSockets, 3)
  t.ok(
    heard.some(({ message }) => message.records.some(record => record.name === name)),
    'announced where it came up again',
  )
})

t.test('where mDNS cannot be spoken there is a name all the same, and no answer', async t => {
  const { a, here } = start()
  a.openMulticast = async () => {
    throw Object.assign(new Error('no multicast here'), { code: 'ENODEV' })
  }
  t.match(await here.publish('10.0.0.1'), /^[0-9a-f-]{36}\.local$/)
  t.same(await here.resolve(NAME), [])
  t.equal(here.openSockets, 0)
  t.equal(here.counters.failed, 2, 'they were not tried twice')

  const { sim, b, here: other, there } = start()
  const open = b.openMulticast.bind(b)
  b.openMulticast = async options => {
    if (options.address.includes(':')) throw new Error('no IPv6')
    return open(options)
  }
  t.same(await sim.run(there.resolve(await other.publish('fd00::1'))), ['fd00::1'], 'one that fails is left out')
})

t.test('at most sixteen interfaces take part, those with what is published first', async t => {
  const sim = new Simulation({ seed: 5 })
  const host = sim.createHost({ addresses: Array.from({ length: 40 }, (_, i) => `10.0.0.${i + 1}`) })
  const service = new MdnsService(host)
  const opened: string[] = []
  const open = host.openMulticast.bind(host)
  host.openMulticast = async options => {
    opened.push(options.address)
    return open(options)
  }
  await service.publish('10.0.0.39')
  t.equal(opened.length, 16)
  t.equal(opened[0], '10.0.0.39')
  t.notOk(opened.includes('127.0.0.1'))
  service.close()
})

t.test('who claims a name beside its owner gets nobody sent anywhere', async t => {
  const { sim, a, there } = start()
  const { socket } = await listen(a, '10.0.0.1')
  const say = (bytes: Uint8Array) => socket.send(Packet.of(bytes), GROUP, 5353)
  const resolved = there.resolve(NAME)
  await sim.elapse(10)
  say(responseOf({}, { address: '10.0.0.66' }))
  t.same(await sim.run(resolved), [])
  t.equal(there.counters.ambiguous, 1)

  const other = there.resolve(nameOf(1))
  await sim.elapse(10)
  say(responseOf({ name: nameOf(1) }))
  t.same(await sim.run(other), ['10.0.0.9'])
  say(responseOf({ name: nameOf(1), address: '10.0.0.66' }))
  await sim.elapse(10)
  t.same(await there.resolve(nameOf(1)), [], 'known to be in doubt')
})

t.test('a flood of names from a peer is a bounded number of questions', async t => {
  const { sim, a, there } = start()
  const { heard } = await listen(a, '10.0.0.1')
  const answers = Promise.all(Array.from({ length: 5000 }, (_, i) => there.resolve(nameOf(i))))
  t.ok((await sim.run(answers)).every(addresses => addresses.length === 0))
  t.equal(sim.now(), 10_000)
  t.equal(heard.length, 64 * 2 * 4)
  t.equal(there.counters.refusedQueries, 5000 - 64)
})

t.test('garbage on the link is counted', async t => {
  const { sim, a, here, there } = start()
  const name = await here.publish('10.0.0.1')
  await there.publish('10.0.0.2')
  for (const bytes of [new Uint8Array(0), new Uint8Array(11), new Uint8Array(500).fill(0xc0)])
    sim.inject('10.0.0.1:5353', '10.0.0.2:5353', bytes)
  await sim.elapse(10)
  t.equal(there.counters.malformed, 3)
  t.same(await sim.run(there.resolve(name)), ['10.0.0.1'])
  t.equal(a.openSockets, 2)
})

t.test('closing says goodbye, ends what is asked, and frees everything', async t => {
  const { sim, a, b, here, there } = start()
  const { heard } = await listen(b, '10.0.0.2')
  await here.publish('10.0.0.1')
  await here.publish('fd00::1')
  await sim.elapse(3000)
  heard.length = 0
  const asked = here.resolve(NAME)
  await sim.elapse(10)
  here.close()
  here.close()
  t.same(await asked, [])
  await sim.elapse(10)
  t.same(
    heard.at(-1)?.message.records.map(({ ttl }) => ttl),
    [0, 0],
  )
  t.equal(a.openSockets, 0)
  t.same(await here.resolve(NAME), [])
  here.withdraw(NAME)
  await t.rejects(here.publish('10.0.0.1'), { code: 'closed' })
  await t.rejects(there.publish('localhost'), TypeError)
  await t.rejects(there.publish('fe80::1%eth0'), TypeError)

  const other = new MdnsService(a)
  const name = other.publish('10.0.0.1')
  const answer = other.resolve(NAME)
  other.close()
  t.match(await name, /\.local$/, 'closed while sockets open')
  t.same(await answer, [])
  t.equal(a.openSockets, 0)
  await sim.elapse(20_000)
  t.equal(sim.pending, 0)
})

t.test('two services of one host hear each other', async t => {
  const { sim, a, here } = start()
  const beside = new MdnsService(a)
  const name = await here.publish('10.0.0.1')
  t.same(await sim.run(beside.resolve(name)), ['10.0.0.1'])
  await sim.elapse(5000)
  beside.close()
  const later = new MdnsService(a)
  const answer = here.resolve(await later.publish('fd00::1'))
  t.same(await sim.run(answer), ['fd00::1'], 'although the last to open takes all unicast')
})
