/** Changes of a machine's addresses are told to whoever watches, until it does not want to know any more. */

import t from 'tap'
import { createTwoHosts, type TwoHosts } from './namespaces.ts'

const hosts = await createTwoHosts().catch(
  (error: unknown) => `no network namespaces here: ${error instanceof Error ? error.message : error}`,
)
const unable = typeof hosts === 'string' ? hosts : undefined
if (typeof hosts !== 'string') t.teardown(() => hosts.end())
// Set where everything is installed (`.ci/run`).
if (unable !== undefined && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(unable)

t.test('an address that comes, and an interface that goes', { skip: unable ?? false }, async t => {
  const { near } = hosts as TwoHosts
  const before = ['127.0.0.1', '192.0.2.1', '198.51.100.1', '::1', 'fe80::1', 'fe80::11']
  const one = [...before, '203.0.113.1'].sort().join(' ')
  const two = ['127.0.0.1', '198.51.100.1', '::1', 'fe80::11'].sort().join(' ')
  await near.call('watch', 'first')
  await near.call('watch', 'second')
  near.rearrange('address', 'add', '203.0.113.1/24', 'dev', 'left0')
  await near.until(one, 'first')
  await near.until(one, 'second')
  await near.call('unwatch', 'first')
  near.rearrange('link', 'set', 'dev', 'left0', 'down')
  await near.until(two, 'second')
  t.same(near.who(one), ['first from ', 'second from '])
  t.same(near.who(two), ['second from '])
  await near.call('unwatch', 'second')
  await near.call('unwatch', 'second')
})
