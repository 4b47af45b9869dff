/**
 * Bulk in both directions at once, reliable and ordered, with a hash over all of it. It keeps the machine busy like nothing
 * else: where we offer, a tenth of it has to do, unless `PURERTC_BULK=full`.
 */

import type { Scenario } from './scenario.ts'

const MIB = 1 << 20
const FULL = process.env.PURERTC_BULK === 'full'

/** Of each message, in bytes: what every peer takes. */
const MESSAGE = 60_000

/** @param bytes Each way. */
const bulkOf = (bytes: number, weOffer: boolean): Scenario => ({
  name: `${bytes / MIB} MiB go each way at once and arrive as they were`,
  fits: (_, offers) => offers === weOffer,
  run: async (t, pair) => {
    await pair.connect()
    const ends = [pair.ours, pair.peer] as const
    for (const end of ends) await end.sink('first')
    const start = performance.now()
    const [ours, peer] = await Promise.all(ends.map(end => end.bulk('first', bytes, MESSAGE)))
    t.same(await pair.peer.sunk('first', bytes), ours, 'the peer has what we sent')
    t.same(await pair.ours.sunk('first', bytes), peer, 'we have what the peer sent')
    const sctp = (await pair.ours.stats()).find(({ type }) => type === 'sctp-transport')
    const seconds = (performance.now() - start) / 1000
    t.comment(
      `${bytes / MIB} MiB each way in ${seconds.toFixed(1)} s; packets of ${sctp?.mtu} bytes ` +
        `in datagrams of ${sctp?.datagramSize}`,
    )
  },
})

export const bulk: readonly Scenario[] = [bulkOf(100 * MIB, false), bulkOf((FULL ? 100 : 10) * MIB, true)]
