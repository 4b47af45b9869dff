/**
 * The mDNS of browsers against ours, over a real link between two network namespaces: a page without permission to use
 * a camera shows its host candidates as names, and resolves those of its peer.
 */

import t, { type Test } from 'tap'
import { CannotStart, type Driver } from './drivers/driver.ts'
import { createNamespaces, type Program } from './namespaces.ts'
import { End, Pair, SignalSource } from './pair.ts'

/** Set where everything is installed (`.ci/run`): a peer that cannot start is then a failure. */
const required = process.env.PURERTC_REQUIRE_PEERS === '1'

interface Signal {
  readonly description?: { readonly type: string; readonly sdp: string }
  readonly candidate?: { readonly candidate: string } | null
}

/** An answer to a data channel's offer, from a peer that nobody has to reach any further than by a check. */
const ANSWER = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=ice-ufrag:ours',
  'a=ice-pwd:0123456789012345678901',
  `a=fingerprint:sha-256 ${'00:'.repeat(31)}00`,
  'a=setup:active',
  'a=sctp-port:5000',
  '',
].join('\r\n')

type World = Awaited<ReturnType<typeof start>>

/** The agent in a program. */
const driverOf = (name: string, program: Program): Driver => ({
  name,
  quirks: {},
  call: (method, ...args) => program.call('agent', method, ...args),
  close: () => program.close(),
})

/**
 * Makes a connection that offers a data channel and has its answer; the names in its candidates, with all of these.
 * Firefox answers for its names only now, Chromium before.
 */
async function begin(browser: Program, id: string): Promise<{ names: string[]; candidates: string[] }> {
  await browser.call('agent', 'create', id)
  await browser.call('agent', 'openChannel', id, 'one', {})
  await browser.call('agent', 'offer', id)
  const candidates: string[] = []
  for (let done = false; !done; ) {
    for (const { candidate } of (await browser.call('agent', 'next')) as Signal[]) {
      if (candidate === null) done = true
      else if (candidate?.candidate) candidates.push(candidate.candidate)
    }
  }
  await browser.call('agent', 'signal', id, { description: { type: 'answer', sdp: ANSWER } })
  const hosts = candidates.filter(candidate => / udp /i.test(candidate)).map(candidate => candidate.split(' ')[4]!)
  return { names: [...new Set(hosts)], candidates }
}

async function start(name: string) {
  const { ends, remove } = await createNamespaces()
  const [ours, theirs] = ends
  const service = ours.start('mdns-service')
  const browser = theirs.start('mdns-browser')
  const close = async () => {
    await Promise.all([service.close(), browser.close()])
    await remove()
  }
  try {
    const started = (await browser.call('start', name)) as { name: string } | { problem: string }
    if ('problem' in started) throw new CannotStart('mDNS', started.problem)
    return { ours, theirs, service, browser, close, version: started.name }
  } catch (error) {
    await close()
    throw error
  }
}

for (const name of ['chromium', 'firefox']) {
  const world = await start(name).catch(error => {
    if (!(error instanceof CannotStart)) throw error
    return error.message
  })
  if (typeof world !== 'string') await t.test(`mDNS with ${name}`, t => withBrowser(t, world))
  else if (required) t.fail(world)
  else t.test(`mDNS with ${name}`, { skip: world }, () => {})
}

async function withBrowser(t: Test, { ours, theirs, service, browser, close, version }: World): Promise<void> {
  t.teardown(close)
  t.comment(`peer: ${version}`)

  await t.test('the names of its candidates resolve, each to one address of its own', async t => {
    const { names, candidates } = await begin(browser, 'resolved')
    t.ok(names.length > 0)
    for (const candidate of candidates) t.match(candidate, / [0-9a-f-]{36}\.local /)
    const addresses = await Promise.all(names.map(name => service.call('resolve', name)))
    t.same(addresses.flat().sort(), [...theirs.addresses].sort())
    t.match(await service.call('counters'), { malformed: 0, ambiguous: 0, failed: 0 })
    await browser.call('agent', 'close', 'resolved')
  })

  await t.test('it resolves a name that we publish, and sends its checks there', async t => {
    const name = await service.call('publish', ours.addresses[0])
    const port = await service.call('listen', ours.addresses[0])
    await begin(browser, 'checks')
    const candidate = `candidate:1 1 udp 2113937151 ${name} ${port} typ host`
    await browser.call('agent', 'signal', 'checks', { candidate: { candidate, sdpMid: '0' } })
    t.same(await service.call('heard'), { first: 0, address: theirs.addresses[0] }, 'a Binding request')
    await browser.call('agent', 'close', 'checks')
  })

  const drivers = [driverOf('purertc', service), driverOf(version, browser)] as const
  const sources = [new SignalSource(drivers[0]), new SignalSource(drivers[1])] as const
  for (const [hidden, weOffer] of [
    [false, true],
    [false, false],
    [true, true],
    [true, false],
  ] as const) {
    const title = `a connection where ${hidden ? 'both sides show' : 'it shows'} names, ${weOffer ? 'we' : 'it'} offering`
    await t.test(title, async t => {
      const ends = drivers.map(driver => new End(driver, title)) as [End, End]
      const [us, it] = ends
      const pair = new Pair(us, it, weOffer ? us : it)
      await service.call('agent', 'create', title, hidden ? { hideHostAddresses: true } : {})
      await it.create()
      pair.carry(sources[0], us, it)
      pair.carry(sources[1], it, us)
      await pair.connect()
      await it.echo('first')
      const sent = await us.send('first', [{ kind: 'text', size: 1000, seed: 1 }])
      t.same(await us.received('first', 1), sent)
      const candidates = (await us.stats()).filter(({ type }) => /-candidate$/.test(String(type)))
      const shown = (kind: string) => candidates.filter(({ type }) => type === `${kind}-candidate`)
      t.ok(shown('remote').length > 0)
      // A check may come before the name is resolved: it shows a candidate of its own, whose address is not told.
      for (const { address } of shown('remote')) t.ok(address === null || /\.local$/.test(String(address)))
      for (const { address } of shown('local')) t.equal(/\.local$/.test(String(address)), hidden)
      await pair.close()
      t.same(pair.errors, [])
    })
  }
}
