/**
 * The simultaneous open of TCP (RFC 9293, 3.5), which candidates of type `so` live by (RFC 6544, 7.1): two hosts connect
 * to each other, nobody listens, and one connection comes about.
 */

import t from 'tap'
import { createRoutedHosts, type RoutedHosts } from './namespaces.ts'

const hosts = await createRoutedHosts().catch(
  (error: unknown) => `no network namespaces here: ${error instanceof Error ? error.message : error}`,
)
const unable = typeof hosts === 'string' ? hosts : undefined
if (typeof hosts !== 'string') t.teardown(() => hosts.end())
// Set where everything is installed (`.ci/run`).
if (unable !== undefined && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(unable)

const NEAR = '192.0.2.1'
const FAR = '198.51.100.1'
const [NEAR_PORT, FAR_PORT] = [7001, 7002]

t.test('two hosts that connect to each other are connected', { skip: unable ?? false }, async t => {
  const { near, far, forward } = hosts as RoutedHosts
  const [here, there] = [
    { address: NEAR, port: NEAR_PORT, remoteAddress: FAR, remotePort: FAR_PORT },
    { address: FAR, port: FAR_PORT, remoteAddress: NEAR, remotePort: NEAR_PORT },
  ]
  // The first segments are lost on the way: had one arrived before the other left, it would have been refused.
  await Promise.all([near.call('connect', 'stream', here), far.call('connect', 'stream', there)])
  forward()
  t.same(await Promise.all([near.call('say', 'stream', 'from near'), far.call('say', 'stream', 'from far')]), [
    `${NEAR} ${NEAR_PORT} ${FAR} ${FAR_PORT}`,
    `${FAR} ${FAR_PORT} ${NEAR} ${NEAR_PORT}`,
  ])
  await Promise.all([near.until('from far', 'stream'), far.until('from near', 'stream')])
  await near.call('end', 'stream')
  await far.until('closed undefined', 'stream')
  t.same(near.who('closed undefined'), [])
})

t.test('a host that connects alone is refused', { skip: unable ?? false }, async t => {
  const { near, forward } = hosts as RoutedHosts
  forward()
  await near.call('connect', 'alone', { address: NEAR, port: 7003, remoteAddress: FAR, remotePort: 7004 })
  t.equal(await near.call('say', 'alone', 'is anybody there?'), 'ECONNREFUSED')
})
