/**
 * What the association agrees on with the peer, and makes use of: interleaving (RFC 8260), packets without a checksum
 * (RFC 9653), larger datagrams (RFC 8899), larger messages (RFC 8841, 6).
 */

import type { Test } from 'tap'
import type { Quirks } from '../drivers/driver.ts'
import type { End, MessageSpec, Pair } from '../pair.ts'
import { always, type Scenario } from './scenario.ts'

/** UDP payload in bytes, begun with and on an Ethernet: of IPv6, less what chunks are rounded down by. */
const [BASE, ETHERNET] = [1200, 1452 - 4]
/** UDP payload in bytes, where both sides are ours. */
const LARGE = 16_384 - 4

/** Our configuration: the largest waits to be sent while up to a MiB of others does. */
export const LARGE_MESSAGES = { maxMessageSize: 64 << 20, sctp: { sendBufferLimit: 72 << 20 } } as const

const MESSAGES: readonly MessageSpec[] = [1, 1_000, 20_000, 60_000].flatMap((size, seed) => [
  { kind: 'binary', size, seed },
  { kind: 'text', size, seed },
])

/** What our statistics say of the association. */
const associationOf = async (end: End): Promise<Readonly<Record<string, unknown>>> =>
  (await end.stats()).find(({ type }) => type === 'sctp-transport') ?? {}

/** Sends each of these messages both ways at once: they arrive in order and as they were. */
const bothWays = async (t: Test, { ours, peer }: Pair, messages = MESSAGES): Promise<void> => {
  const sent = await Promise.all([ours.send('first', messages), peer.send('first', messages)])
  t.same(await peer.received('first', messages.length), sent[0], 'the peer has what we sent')
  t.same(await ours.received('first', messages.length), sent[1], 'we have what the peer sent')
}

const smallestDatagram = ({ notProbed, takesLargeDatagrams }: Quirks): number => {
  if (notProbed) return 1
  return takesLargeDatagrams ? LARGE : ETHERNET
}

export const association: readonly Scenario[] = [
  {
    name: 'what the peer offers is in use, and nothing else: interleaving, no checksums, larger datagrams',
    fits: always,
    run: async (t, pair) => {
      const { quirks } = pair.peer.driver
      await pair.connect()
      await bothWays(t, pair)
      await pair.ours.datagramSize(smallestDatagram(quirks))
      const stats = await associationOf(pair.ours)
      t.match(stats, {
        interleaving: quirks.interleaves === true,
        zeroChecksum: quirks.takesZeroChecksum === true,
      })
      const size = Number(stats.datagramSize)
      t.comment(`datagrams of ${size} bytes`)
      if (quirks.notProbed) t.ok(size <= BASE, 'no larger datagram than it begins with')
      else t.ok(size <= (quirks.takesLargeDatagrams ? LARGE + 4 : 1472))
    },
  },
  {
    name: 'we take packets without a checksum, and say so: a peer that does not know of it passes over that',
    fits: quirks => quirks.refusesUnknownParameters !== true,
    ours: { sctp: { zeroChecksum: true } },
    run: async (t, pair) => {
      await pair.connect()
      await bothWays(t, pair)
    },
  },
  {
    name: 'we do not interleave, and so nobody does',
    fits: always,
    ours: { sctp: { interleaving: false } },
    run: async (t, pair) => {
      await pair.connect()
      await bothWays(t, pair)
      t.match(await associationOf(pair.ours), { interleaving: false })
    },
  },
  {
    name: 'a short message overtakes a long one, either way, where both interleave',
    fits: quirks => quirks.interleaves === true,
    run: async (t, pair) => {
      await pair.connect()
      for (const [from, to] of [
        [pair.ours, pair.peer],
        [pair.peer, pair.ours],
      ] as const) {
        const label = `short from ${from.driver.name}`
        await from.openChannel(label, { priority: 'high' })
        await Promise.all([from.channel(label), to.channel(label)])
        await from.sendTogether([
          { label: 'first', kind: 'binary', size: 262_144, seed: 1 },
          { label, kind: 'text', size: 10, seed: 2 },
        ])
        await to.received('first', 1)
        t.same(await to.arrivals(), [label, 'first'], label)
      }
    },
  },
  {
    name: 'messages far beyond 256 KiB go each way',
    fits: quirks => quirks.withLargeMessages !== undefined,
    ours: LARGE_MESSAGES,
    peer: ({ withLargeMessages }) => withLargeMessages?.configuration ?? {},
    run: async (t, pair) => {
      await pair.connect()
      const { sizes = [] } = pair.peer.driver.quirks.withLargeMessages ?? {}
      await bothWays(
        t,
        pair,
        sizes.map((size, seed) => ({ kind: 'binary', size, seed })),
      )
    },
  },
]
