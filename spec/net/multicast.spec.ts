/** Multicast by the platform's host: one group, one interface, and nothing of what goes on elsewhere. */

import t, { type Test } from 'tap'
import { createTwoHosts, type Inhabitant, type TwoHosts } from './namespaces.ts'

const create = async (): Promise<TwoHosts | string> => {
  try {
    return await createTwoHosts()
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message}`
  }
}

const hosts = await create()
const unable = typeof hosts === 'string' ? hosts : undefined
if (typeof hosts !== 'string') t.teardown(() => hosts.end())
// Set where everything is installed (`.ci/run`).
if (unable !== undefined && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(unable)

const test = (title: string, body: (t: Test, near: Inhabitant, far: Inhabitant) => Promise<void>) =>
  t.test(title, { skip: unable ?? false }, async t => {
    if (typeof hosts !== 'string') await body(t, hosts.near, hosts.far)
  })

const PORT = 5353

for (const { family, group, near: own, other, far: peer } of [
  { family: 'IPv4', group: '224.0.0.251', near: '192.0.2.1', other: '198.51.100.1', far: '192.0.2.2' },
  { family: 'IPv6', group: 'ff02::fb', near: 'fe80::1', other: 'fe80::11', far: 'fe80::2' },
]) {
  test(`${family}: a group on one interface is heard there, by everybody on the port, and nowhere else`, async (t, near, far) => {
    const sockets = async () => [await near.call('sockets'), await far.call('sockets')]
    const before = await sockets()
    for (const [name, address] of [
      ['first', own],
      ['second', own],
      ['other', other],
    ] as const) {
      t.same(await near.call('open', name, { group, port: PORT, address }), { address, port: PORT })
    }
    for (const [name, address] of [
      ['peer', peer],
      ['elsewhere', other === 'fe80::11' ? 'fe80::12' : '198.51.100.2'],
    ] as const) {
      t.same(await far.call('open', name, { group, port: PORT, address }), { address, port: PORT })
    }

    t.equal(await near.call('send', 'first', `${family} question`, group, PORT), 1)
    await far.until(`${family} question`, 'peer')
    await near.until(`${family} question`, 'second')
    // What follows on the other link comes behind what would have gone astray.
    await near.call('send', 'other', `${family} aside`, group, PORT)
    await far.until(`${family} aside`, 'elsewhere')
    await near.until(`${family} aside`, 'other')
    t.same(far.who(`${family} question`), [`peer from ${own}`])
    t.same(near.who(`${family} question`), [`first from ${own}`, `second from ${own}`], 'it also reaches this host')
    t.same(near.who(`${family} aside`), [`other from ${other}`])

    t.equal(await far.call('send', 'peer', `${family} answer`, group, PORT), 1)
    await near.until(`${family} answer`, 'first')
    await near.until(`${family} answer`, 'second')
    t.same(near.who(`${family} answer`), [`first from ${peer}`, `second from ${peer}`])

    // To one host alone: whichever of its sockets the platform gives it to.
    t.equal(await near.call('send', 'first', `${family} aloud`, peer, PORT), 1)
    await far.call('close', 'elsewhere')
    t.equal(await near.call('send', 'first', `${family} in private`, peer, PORT), 1)
    await far.until(`${family} in private`, 'peer')

    for (const name of ['first', 'second', 'other']) await near.call('close', name)
    await far.call('close', 'peer')
    t.equal(await near.call('send', 'first', `${family} too late`, group, PORT), 1)
    t.same(await sockets(), before, 'no socket is left')
    t.notOk([...near.received, ...far.received].some(({ text }) => /failed|too late/.test(text)))
  })
}

test('what cannot be joined rejects by code, and leaves nothing', async (t, near) => {
  const open = (group: string, address: string) => near.call('open', 'none', { group, port: PORT, address })
  const before = await near.call('sockets')
  t.same(await open('224.0.0.251', '203.0.113.1'), { code: 'EADDRNOTAVAIL' })
  t.same(await open('192.0.2.9', '192.0.2.1'), { code: 'EINVAL' })
  t.equal(await near.call('sockets'), before)
})
