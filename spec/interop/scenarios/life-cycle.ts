/** Channels and connections that open later and close, from either side (RFC 8831, 6.7; webrtc-pc, 6.2.4). */

import type { End, Pair } from '../pair.ts'
import { always, type Scenario } from './scenario.ts'

interface Direction {
  readonly name: string
  of(pair: Pair): readonly [End, End]
}

const directions: readonly Direction[] = [
  { name: 'we', of: ({ ours, peer }) => [ours, peer] },
  { name: 'the peer', of: ({ ours, peer }) => [peer, ours] },
]

const fromEither = (
  name: (who: string) => string,
  run: (t: Parameters<Scenario['run']>[0], pair: Pair, from: End, to: End) => Promise<void>,
): Scenario[] =>
  directions.map(({ name: who, of }) => ({
    name: name(who),
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      await run(t, pair, ...of(pair))
    },
  }))

export const lifeCycle: readonly Scenario[] = [
  ...fromEither(
    who => `${who} may open a second channel after the first, and both carry messages`,
    async (t, _, from, to) => {
      await from.openChannel('second')
      await Promise.all([from.channel('second'), to.channel('second')])
      for (const label of ['first', 'second']) {
        await to.echo(label)
        const sent = await from.send(label, [{ kind: 'text', size: 100, seed: 1 }])
        t.same(await to.received(label, 1), sent)
        t.same(await from.received(label, 1), sent)
      }
    },
  ),
  ...fromEither(
    who => `${who} may close a channel: it closes on both sides, and the next one works`,
    async (t, pair, from, to) => {
      await from.closeChannel('first')
      await Promise.all([from.channel('first', 'closed'), to.channel('first', 'closed')])
      const { events } = await pair.ours.channel('first', 'closed')
      t.equal(events.filter(event => event === 'close').length, 1)
      t.notOk(events.includes('error'))
      await from.openChannel('next')
      await Promise.all([from.channel('next'), to.channel('next')])
      const sent = await from.send('next', [{ kind: 'text', size: 9, seed: 0 }])
      t.same(await to.received('next', 1), sent)
    },
  ),
  {
    name: 'what we had sent when we close a channel still arrives',
    fits: quirks => quirks.losesUnreadOnClose !== true,
    run: async (t, pair) => {
      await pair.connect()
      const sent = await pair.ours.send(
        'first',
        Array.from({ length: 20 }, (_, seed) => ({ kind: 'binary', size: 20_000, seed })),
      )
      await pair.ours.closeChannel('first')
      t.same(await pair.peer.received('first', sent.length), sent)
      await Promise.all([pair.ours.channel('first', 'closed'), pair.peer.channel('first', 'closed')])
    },
  },
  {
    name: 'we may close the connection: the peer sees its channel close',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      await pair.closeEnd(pair.ours)
      const report = await pair.ours.report()
      t.match(report, { connection: 'closed', iceConnection: 'closed', signaling: 'closed', dtls: 'closed' })
      t.equal((await pair.ours.channel('first', 'closed')).readyState, 'closed')
      t.equal((await pair.peer.channel('first', 'closed')).readyState, 'closed')
    },
  },
  {
    name: 'the peer may close the connection: our channel and transports close',
    fits: always,
    run: async (t, pair) => {
      await pair.connect()
      await pair.closeEnd(pair.peer)
      const { events } = await pair.ours.channel('first', 'closed')
      t.equal(events.filter(event => event === 'close').length, 1)
      await pair.ours.transportsClosed(pair.peer.driver.quirks.closesWithoutAlert !== true)
    },
  },
]
