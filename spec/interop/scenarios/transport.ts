/** What was negotiated beneath the channels, as both ends tell it. */

import { largestMessage } from '../drivers/driver.ts'
import { always, type Scenario } from './scenario.ts'

const find = (stats: readonly Record<string, unknown>[], type: string) => stats.find(stat => stat.type === type)

export const transport: readonly Scenario[] = [
  {
    name: 'both ends come to connected, and every transport of ours says so',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      await pair.ours.connectionState('connected')
      await pair.peer.connectionState('connected')
      const report = await pair.ours.report()
      t.match(report, { signaling: 'stable', sctp: 'connected', dtls: 'connected' })
      t.match(report.iceConnection, /^(connected|completed)$/)
      t.match(report.ice, /^(connected|completed)$/)
      t.ok((report.maxMessageSize ?? 0) >= largestMessage(pair.peer.driver.quirks), 'its largest message may be sent')
      t.same(
        report.states.filter(state => /failed|disconnected|closed/.test(state)),
        [],
      )
    },
  },
  {
    name: 'the statistics of both ends name the same DTLS version, cipher suite and roles',
    fits: quirks => quirks.noTransportStats !== true,
    run: async (t, pair) => {
      await pair.connect()
      const ours = find(await pair.ours.stats(), 'transport')
      const peer = find(await pair.peer.stats(), 'transport')
      t.match(peer, {
        dtlsState: 'connected',
        tlsVersion: 'FEFD',
        dtlsCipher: /^TLS_ECDHE_ECDSA_WITH_AES_\d+_GCM_SHA\d+$/,
      })
      for (const name of ['dtlsState', 'tlsVersion', 'dtlsCipher']) t.equal(ours?.[name], peer?.[name], name)
      t.same([ours?.dtlsRole, peer?.dtlsRole].sort(), ['client', 'server'])
      t.equal(ours?.iceRole, pair.offerer === pair.ours ? 'controlling' : 'controlled')
    },
  },
]
