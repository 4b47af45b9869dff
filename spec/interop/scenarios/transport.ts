/** What was negotiated beneath the channels, as both ends tell it. */

import { largestMessage } from '../drivers/driver.ts'
import { always, type Scenario } from './scenario.ts'

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
      const transport = (await pair.ours.stats()).find(({ type }) => type === 'transport')
      t.equal(transport?.iceRole, pair.offerer === pair.ours ? 'controlling' : 'controlled')
      t.same(
        report.states.filter(state => /failed|disconnected|closed/.test(state)),
        [],
      )
    },
  },
]
