/** Who has given up says so again while the peer goes on (RFC 9147, 5.10): an alert may be lost like any datagram. */

import t from 'tap'
import type { DtlsVersion } from '../../lib/dtls/index.ts'
import { certificate, clear, Pair } from './pair.ts'

const pairOf = async (version: DtlsVersion) => {
  const pair = new Pair({
    version,
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    // The client is not whom the server waits for.
    serverOptions: { fingerprints: [] },
  })
  pair.start()
  return pair
}

for (const version of ['1.2', '1.3'] as const) {
  t.test(`DTLS ${version}: a fatal alert that was lost is sent again when the peer repeats its flight`, async t => {
    const pair = await pairOf(version)
    let lost = 0
    pair.path = (bytes, from, index) => {
      if (from === 'client' || pair.server.dtls.state !== 'failed' || lost >= 2) return clear(bytes, from, index)
      lost++
      return []
    }
    pair.run(() => pair.client.dtls.state === 'failed', 20_000)
    t.equal(lost, 2)
    t.match(pair.server.error, { code: 'fingerprint-mismatch' })
    t.match(pair.client.error, { code: 'alert-received', receivedAlert: pair.server.error?.sentAlert })
    t.ok(pair.now < 20_000, 'long before the client would have given up')
  })

  t.test(`DTLS ${version}: a flood is not answered by one`, async t => {
    const pair = await pairOf(version)
    pair.path = (bytes, from, index) => (pair.server.dtls.state === 'failed' ? [] : clear(bytes, from, index))
    pair.run(() => pair.server.dtls.state === 'failed')
    const { counters } = pair.server.dtls
    t.equal(counters.alertsSent, 1)
    for (let i = 0; i < 39; i++) pair.server.dtls.receive(new Uint8Array(20), pair.now + i)
    t.equal(counters.alertsSent, 1)
    for (let i = 0; i < 1000; i++) pair.server.dtls.receive(new Uint8Array(20), pair.now + 20 * i)
    t.equal(counters.alertsSent, 6)
    pair.server.dtls.close(pair.now)
    t.equal(counters.alertsSent, 6)
    t.equal(pair.server.dtls.deadline, Number.POSITIVE_INFINITY)
  })
}

t.test('who was told by the peer that all is over says nothing', async t => {
  const pair = await pairOf('1.3')
  pair.run(() => pair.client.dtls.state === 'failed')
  t.equal(pair.client.dtls.counters.alertsSent, 0)
  pair.client.dtls.receive(new Uint8Array(20), pair.now + 1000)
  t.equal(pair.client.dtls.counters.alertsSent, 0)
})
