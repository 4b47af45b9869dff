/** What a channel may be (RFC 8831 6.4, RFC 8832 5.1): every mode of reliability, priorities, many of them after another. */

import type { Test } from 'tap'
import { largestMessage } from '../drivers/driver.ts'
import type { ChannelInit, End, MessageSpec, Pair } from '../pair.ts'
import { always, type Scenario } from './scenario.ts'

const reliabilities: readonly ChannelInit[] = [
  {},
  { maxRetransmits: 0 },
  { maxRetransmits: 3 },
  { maxPacketLifeTime: 500 },
]
const modes = [true, false].flatMap(ordered => reliabilities.map(mode => ({ ordered, ...mode })))

const isReliable = ({ maxRetransmits, maxPacketLifeTime }: ChannelInit) =>
  maxRetransmits === undefined && maxPacketLifeTime === undefined

const BATCH = Array.from({ length: 40 }, (_, seed): MessageSpec => ({ kind: 'binary', size: 16 + 97 * seed, seed }))

/** Older libwebrtc has 65,535 where nothing was said. */
const given = (value: number | null | undefined): number | null => (value === 65_535 ? null : (value ?? null))

/** Opens a channel from one end: the other is told what it is, and what arrives is what was sent, once. */
const tryMode = async (t: Test, from: End, to: End, mode: ChannelInit): Promise<void> => {
  const label = `${JSON.stringify(mode)} from ${from.driver.name}`
  await from.openChannel(label, mode)
  const [told] = await Promise.all([to.channel(label), from.channel(label)])
  if (!to.driver.quirks.misreportsReliability) {
    t.match(told, { ordered: mode.ordered })
    t.equal(given(told.maxRetransmits), mode.maxRetransmits ?? null, `${label}: retransmissions`)
    t.equal(given(told.maxPacketLifeTime), mode.maxPacketLifeTime ?? null, `${label}: lifetime`)
  }
  const sent = (await from.send(label, BATCH)).map(({ sha256 }) => sha256)
  // What is lost stays lost, so that only the first is waited for where messages may be: a mile of loopback loses none.
  const received = (await to.received(label, isReliable(mode) ? sent.length : 1)).map(({ sha256 }) => sha256)
  t.equal(new Set(received).size, received.length, `${label}: nothing arrives twice`)
  const order = received.map(hash => sent.indexOf(hash))
  t.notOk(order.includes(-1), `${label}: nothing arrives that was not sent`)
  if (mode.ordered)
    t.same(
      order,
      order.toSorted((a, b) => a - b),
      `${label}: in order`,
    )
  if (isReliable(mode)) t.equal(received.length, sent.length)
}

/** Sizes at which something changes: none, one packet, two; what a chunk of one stack or another may hold. */
const borders = (largest: number): MessageSpec[] =>
  [0, 1, 1_131, 1_132, 1_133, 1_199, 1_200, 1_201, 16_383, 16_384, 16_385, 65_535, 65_536, 131_072, 262_144]
    .filter(size => size <= largest)
    .flatMap((size, seed) => [
      { kind: 'binary', size, seed },
      { kind: 'text', size, seed },
    ])

/** Channels that are opened and closed, in all. */
const TIMES = 1_000

export const channels: readonly Scenario[] = [
  {
    name: 'every mode of reliability is announced as it is, in either direction, and keeps to it',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      for (const mode of modes) {
        await tryMode(t, pair.ours, pair.peer, mode)
        await tryMode(t, pair.peer, pair.ours, mode)
      }
    },
  },
  {
    name: 'messages of the sizes at which something changes come back from the peer, and from us',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      await pair.ours.openChannel('other')
      await Promise.all([pair.ours.channel('other'), pair.peer.channel('other')])
      const messages = borders(largestMessage(pair.peer.driver.quirks))
      for (const [from, to, label] of [
        [pair.ours, pair.peer, 'first'],
        [pair.peer, pair.ours, 'other'],
      ] as const) {
        await to.echo(label)
        const sent = await from.send(label, messages)
        t.same(await to.received(label, sent.length), sent, `what ${from.driver.name} sends arrives`)
        t.same(await from.received(label, sent.length), sent, `and comes back`)
      }
    },
  },
  {
    name: 'channels of every priority carry messages side by side',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      const priorities = ['very-low', 'low', 'medium', 'high'] as const
      for (const priority of priorities) await pair.ours.openChannel(priority, { priority })
      await Promise.all(priorities.flatMap(label => [pair.ours.channel(label), pair.peer.channel(label)]))
      await Promise.all(
        priorities.map(async label => {
          await pair.peer.echo(label)
          const sent = await pair.ours.send(label, BATCH)
          t.same(await pair.ours.received(label, sent.length), sent, label)
        }),
      )
    },
  },
  {
    name: `${TIMES} channels after another are opened by either side, used, and closed by either side`,
    fits: always,
    run: async (t, pair: Pair) => {
      await pair.connect()
      for (const [from, to] of [
        [pair.ours, pair.peer],
        [pair.peer, pair.ours],
      ] as const) {
        await to.oblige()
        const ids = await from.reopen(TIMES / 2)
        t.equal(ids.length, TIMES / 2)
        const distinct = new Set(ids).size
        t.comment(`${from.driver.name} opened ${TIMES / 2} channels with ${distinct} ids`)
        if (from === pair.ours) t.ok(distinct <= 4, 'we use ids again')
      }
      const { channels } = (await pair.ours.report()) as unknown as { readonly channels: readonly unknown[] }
      t.equal(channels.length, 1)
    },
  },
]
