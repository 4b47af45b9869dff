/**
 * Browsers and libdatachannel over a long way that loses datagrams: 50 ms there and back, 40 Mbit/s, 1 % lost each way.
 * What is reliable arrives as it was, under either model of congestion; what may be given up is given up, on both sides'
 * word, and nothing behind it waits.
 *
 * `PURERTC_WAN=full` loses 2 % and moves 5 MiB each way, which takes three minutes in all.
 */

import t, { type Test } from 'tap'
import { chromium } from './drivers/chromium.ts'
import type { PeerStarter } from './drivers/driver.ts'
import { firefox } from './drivers/firefox.ts'
import { processPeer } from './drivers/process.ts'
import { outwardAddress } from './outward.ts'
import type { ChannelInit, End, MessageSpec, Pair } from './pair.ts'
import { Party } from './path.ts'
import { Wan } from './wan.ts'

const FULL = process.env.PURERTC_WAN === 'full'
const WAY = { delay: 25, loss: FULL ? 0.02 : 0.01, rate: 5e6, queue: 200, seed: 7 } as const
/** Each way, in bytes, and of each message. */
const [BYTES, MESSAGE] = [(FULL ? 5 : 2) << 20, 60_000]

const address = outwardAddress(4)

type Stats = Readonly<Record<string, number>>

const associationOf = async (end: End): Promise<Stats> =>
  ((await end.stats()).find(({ type }) => type === 'sctp-transport') ?? {}) as Stats

/** Messages of three packets each, so that hardly one in thirty is lost. */
const LOSSY = Array.from({ length: 300 }, (_, seed): MessageSpec => ({ kind: 'binary', size: 3_000 + seed, seed }))

/** With how many of them arrive at least, wherever bursts overflow a socket besides; of what waits, most grows too old. */
const modes: readonly (readonly [ChannelInit, number])[] = [
  [{ ordered: true, maxRetransmits: 0 }, 100],
  [{ ordered: false, maxRetransmits: 0 }, 100],
  [{ ordered: true, maxPacketLifeTime: 200 }, 1],
]

/** What arrives is what was sent, each message once, in order where there is one; and what is lost holds nothing back. */
const giveUp = async (t: Test, from: End, to: End, mode: ChannelInit, least: number): Promise<void> => {
  const label = `${JSON.stringify(mode)} from ${from.driver.name}`
  await from.openChannel(label, mode)
  await Promise.all([from.channel(label), to.channel(label)])
  const sent = (await from.send(label, LOSSY)).map(({ sha256 }) => sha256)
  const received = (await to.received(label, least)).map(({ sha256 }) => sha256)
  t.equal(new Set(received).size, received.length, `${label}: nothing arrives twice`)
  const order = received.map(hash => sent.indexOf(hash))
  t.notOk(order.includes(-1), `${label}: what arrives is whole`)
  if (mode.ordered)
    t.ok(
      order.every((each, i) => i === 0 || each > order[i - 1]!),
      `${label}: in order`,
    )
  // The last of them may be lost; the stream goes on, as closing shows, which waits for all before it.
  await from.closeChannel(label)
  const closed = Promise.all([from.channel(label, 'closed'), to.channel(label, 'closed')])
  if (from.driver.name.startsWith('chromium')) await nudge(from, closed)
  await closed
  t.comment(`${label}: ${(await to.received(label, 0)).length} of ${sent.length} arrived`)
}

/**
 * Chromium gives up what was begun without a word, and resets the stream without one too, until something else makes it
 * send (seen in packets, Chromium 156): so it is given something to send.
 */
const nudge = async (from: End, done: Promise<unknown>): Promise<void> => {
  let waiting = true
  const end = () => {
    waiting = false
  }
  const ended = done.then(end, end)
  while (waiting) {
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 500))])
    if (waiting) await from.send('first', LOSSY.slice(0, 1))
  }
}

const bulk = async (t: Test, { ours, peer }: Pair): Promise<void> => {
  const ends = [ours, peer] as const
  for (const end of ends) await end.sink('first')
  const start = performance.now()
  const move = async (from: End, to: End, what: string) => {
    const [sent, came] = await Promise.all([from.bulk('first', BYTES, MESSAGE), to.sunk('first', BYTES)])
    t.same(came, sent, what)
    t.comment(`${what}, ${BYTES >> 20} MiB, after ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
  await Promise.all([move(ours, peer, 'the peer has what we sent'), move(peer, ours, 'we have what the peer sent')])
}

const peers: readonly PeerStarter[] = [chromium, firefox, processPeer('node-datachannel', { noTransportStats: true })]

// They wait far more than they work.
t.jobs = peers.length
for (const starter of peers) {
  t.test(starter.name, { buffered: true }, async t => {
    const party = await Party.start(t, starter)
    for (const [congestionControl, weOffer] of [
      ['standard', true],
      ['bbr', false],
    ] as const) {
      const skip = party.unable ?? (address === undefined ? 'this machine has no address but loopback' : false)
      await t.test(congestionControl, { skip }, async t => {
        const wan = await Wan.open(t, { ...WAY, address: address! })
        const pair = await party.pair(t, weOffer, wan.our({ sctp: { congestionControl } }), wan.their())
        await pair.connect()
        await bulk(t, pair)
        const { smoothedRoundTripTime, retransmittedChunks } = await associationOf(pair.ours)
        t.ok(smoothedRoundTripTime! >= 0.05, 'the way is as long as it should be')
        t.ok(wan.ours.lost > 0 && wan.peers.lost > 0 && retransmittedChunks! > 0, 'and has lost datagrams')
        for (const [mode, least] of modes) {
          const before = (await associationOf(pair.ours)).abandonedMessages!
          await giveUp(t, pair.ours, pair.peer, mode, least)
          const given = (await associationOf(pair.ours)).abandonedMessages! - before
          // What a lifetime ends may not have begun.
          if (mode.maxRetransmits !== undefined) t.ok(given > 0, 'we have given messages up')
          await giveUp(t, pair.peer, pair.ours, mode, least)
        }
        t.same(pair.errors, [])
      })
    }
  })
}
