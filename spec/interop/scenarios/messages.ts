/** What goes over a channel: messages of every size and kind, and the kinds of channel (RFC 8831, 8832). */

import { largestMessage } from '../drivers/driver.ts'
import type { MessageSpec, Pair } from '../pair.ts'
import { always, type Scenario } from './scenario.ts'

/** 100 sizes from 1 byte to `largest`, each a step of about 13 % above the one before, in an order that mixes them. */
const sizes = (largest: number) => Array.from({ length: 100 }, (_, i) => Math.round(largest ** (((i * 37) % 100) / 99)))

const batch = (kind: MessageSpec['kind']) => (largest: number) =>
  sizes(largest).map((size, seed): MessageSpec => ({ kind, size, seed }))

/** Sends `messages` from ours, echoed by the peer: three lists of digests, which are one and the same when all is well. */
async function echoed({ ours, peer }: Pair, label: string, messages: readonly MessageSpec[]) {
  await peer.echo(label)
  const sent = await ours.send(label, messages)
  const there = await peer.received(label, messages.length)
  const back = await ours.received(label, messages.length)
  return { sent, there, back }
}

const echoes = (name: string, messagesUpTo: (largest: number) => readonly MessageSpec[]): Scenario => ({
  name,
  fits: always,
  run: async (t, pair) => {
    const messages = messagesUpTo(largestMessage(pair.peer.driver.quirks))
    await pair.connect()
    const { sent, there, back } = await echoed(pair, 'first', messages)
    t.same(
      sent.map(({ kind, size }) => ({ kind, size })),
      messages.map(({ kind, size }) => ({ kind, size })),
    )
    t.same(there, sent, 'the peer has what we sent')
    t.same(back, sent, 'what came back is what we sent')
  },
})

const beyondAscii = { label: 'Grüße 你好 🎉', protocol: 'протокол/1' }
const withinAscii = { label: 'hello', protocol: 'protocol/1' }

export const messages: readonly Scenario[] = [
  echoes('100 texts of 1 byte to 256 KiB, or what the peer takes at most, come back as they were', batch('text')),
  echoes(
    '100 binary messages of 1 byte to 256 KiB, or what the peer takes at most, come back as they were',
    batch('binary'),
  ),
  echoes('empty messages come back, text as text and binary as binary', () => [
    { kind: 'text', size: 0, seed: 0 },
    { kind: 'binary', size: 0, seed: 0 },
    { kind: 'text', size: 1, seed: 1 },
  ]),
  {
    name: 'both sides send at once, and everything arrives once and in order',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      const batches = [0, 1000].map(base =>
        Array.from({ length: 60 }, (_, i): MessageSpec => ({ kind: 'binary', size: 1 + i * 1100, seed: base + i })),
      )
      const [ours, peer] = await Promise.all([
        pair.ours.send('first', batches[0] ?? []),
        pair.peer.send('first', batches[1] ?? []),
      ])
      t.same(await pair.peer.received('first', ours.length), ours)
      t.same(await pair.ours.received('first', peer.length), peer)
    },
  },
  {
    name: 'a label and a protocol outside ASCII arrive, in either direction',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      for (const [from, to] of [
        [pair.ours, pair.peer],
        [pair.peer, pair.ours],
      ] as const) {
        const { label: beginning, protocol } = from.driver.quirks.countsCharacters ? withinAscii : beyondAscii
        const label = `${beginning} ${from.driver.name}`
        await from.openChannel(label, { protocol, ordered: true })
        const [channel] = await Promise.all([to.channel(label), from.channel(label)])
        t.equal(channel.label, label)
        t.equal(channel.protocol, protocol)
        const sent = await from.send(label, [{ kind: 'text', size: 10, seed: 3 }])
        t.same(await to.received(label, 1), sent)
      }
    },
  },
  {
    name: 'an unordered channel without retransmissions says so on both sides and carries messages',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      for (const [from, to] of [
        [pair.ours, pair.peer],
        [pair.peer, pair.ours],
      ] as const) {
        const label = `lossy from ${from.driver.name}`
        await from.openChannel(label, { ordered: false, maxRetransmits: 0 })
        const channel = await to.channel(label)
        if (!to.driver.quirks.misreportsReliability) {
          t.equal(channel.ordered, false)
          t.equal(channel.maxRetransmits, 0)
        }
        await from.channel(label)
        const sent = await from.send(
          label,
          Array.from({ length: 100 }, (_, seed) => ({ kind: 'binary', size: 16 + seed, seed })),
        )
        // What is lost stays lost, so their number is not waited for: a reliable message behind them is.
        await from.send('first', [{ kind: 'text', size: 1, seed: 0 }])
        await to.received('first', 1)
        const received = await to.received(label, 1)
        const known = new Set(sent.map(({ sha256 }) => sha256))
        t.ok(
          received.every(({ sha256 }) => known.has(sha256)),
          'nothing arrives that was not sent',
        )
        t.equal(new Set(received.map(({ sha256 }) => sha256)).size, received.length, 'nothing arrives twice')
      }
    },
  },
  {
    name: 'a negotiated channel carries messages without being announced',
    fits: always,
    run: async (t, pair) => {
      await pair.connect('agreed', { negotiated: true, id: 7, protocol: 'p' })
      const [ours, peer] = await Promise.all([pair.ours.channel('agreed'), pair.peer.channel('agreed')])
      t.equal(ours.id, 7)
      t.equal(ours.negotiated, true)
      t.equal(peer.id, 7)
      const { sent, there, back } = await echoed(pair, 'agreed', [
        { kind: 'text', size: 5, seed: 0 },
        { kind: 'binary', size: Math.min(70_000, largestMessage(pair.peer.driver.quirks)), seed: 1 },
      ])
      t.same(there, sent)
      t.same(back, sent)
    },
  },
]
