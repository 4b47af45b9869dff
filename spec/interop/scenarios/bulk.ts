/** Bulk in both directions at once, reliable and ordered, with a hash over all of it. */

import { always, type Scenario } from './scenario.ts'

const MIB = 1 << 20
/** Each way. */
const BYTES = 100 * MIB

/** Of each message, in bytes: what every peer takes. */
const MESSAGE = 60_000

export const bulk: readonly Scenario[] = [
  {
    name: '100 MiB go each way at once and arrive as they were',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      const ends = [pair.ours, pair.peer] as const
      for (const end of ends) await end.sink('first')
      const start = performance.now()
      const [ours, peer] = await Promise.all(ends.map(end => end.bulk('first', BYTES, MESSAGE)))
      t.same(await pair.peer.sunk('first', BYTES), ours, 'the peer has what we sent')
      t.same(await pair.ours.sunk('first', BYTES), peer, 'we have what the peer sent')
      const sctp = (await pair.ours.stats()).find(({ type }) => type === 'sctp-transport')
      const seconds = (performance.now() - start) / 1000
      t.comment(
        `${BYTES / MIB} MiB each way in ${seconds.toFixed(1)} s; packets of ${sctp?.mtu} bytes ` +
          `in datagrams of ${sctp?.datagramSize}`,
      )
    },
  },
]
