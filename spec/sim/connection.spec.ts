/** Whole connections in virtual time: they open, carry messages in both directions, stay up, restart, and close. */

import t from 'tap'
import type { RTCDataChannel, RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair, type Pair, pattern } from './pair.ts'

const MEGABYTE = 1 << 20
const NETWORKS = {
  'a perfect network': {},
  '20 ms of delay': { delay: 20 },
  '10 % loss, 100 ms of delay, reordering and duplication': {
    delay: 100,
    jitter: 10,
    loss: 0.1,
    reorder: 0.05,
    duplicate: 0.05,
  },
} as const

const incoming = (connection: RTCPeerConnection): { channel?: RTCDataChannel } => {
  const holder: { channel?: RTCDataChannel } = {}
  connection.ondatachannel = ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    holder.channel = channel
  }
  return holder
}

const open = async (
  pair: Pair,
  offerer: RTCPeerConnection,
  label = 'data',
): Promise<[RTCDataChannel, RTCDataChannel]> => {
  const answerer = offerer === pair.a ? pair.b : pair.a
  const there = incoming(answerer)
  const here = offerer.createDataChannel(label)
  here.binaryType = 'arraybuffer'
  const negotiated = pair.negotiate(offerer)
  await pair.sim.run(() => here.readyState === 'open' && there.channel?.readyState === 'open')
  await negotiated
  return [here, there.channel!]
}

/** Sends `total` bytes in messages of `size`, and returns what the other side gets. */
const transfer = (from: RTCDataChannel, to: RTCDataChannel, total: number, size: number): Uint8Array[] => {
  const received: Uint8Array[] = []
  to.onmessage = ({ data }) => received.push(new Uint8Array(data as ArrayBuffer))
  for (let i = 0; i * size < total; i++) from.send(pattern(size, i))
  return received
}

for (const [name, network] of Object.entries(NETWORKS)) {
  for (const role of ['a', 'b'] as const) {
    t.test(`over ${name}, offered by ${role}: a megabyte each way arrives once and in order`, async t => {
      const pair = createPair({ seed: 7, network })
      const [here, there] = await open(pair, pair[role])
      const size = 16_384
      const count = MEGABYTE / size
      const forth = transfer(here, there, MEGABYTE, size)
      const back = transfer(there, here, MEGABYTE, size)
      await pair.sim.run(() => forth.length >= count && back.length >= count)
      await pair.sim.run(pair.sim.now() + 5_000)
      for (const received of [forth, back]) {
        t.equal(received.length, count)
        t.ok(received.every((message, i) => Buffer.compare(message, pattern(size, i)) === 0))
      }
      pair.a.close()
      pair.b.close()
    })
  }
}

t.test('an idle connection lives on by consent checks for an hour', async t => {
  const pair = createPair({ seed: 3, network: { delay: 30, loss: 0.05 } })
  const [here, there] = await open(pair, pair.a)
  const states: string[] = []
  pair.a.onconnectionstatechange = () => states.push(pair.a.connectionState)
  await pair.sim.run(pair.sim.now() + 3_600_000)
  t.equal(pair.a.connectionState, 'connected')
  t.equal(pair.b.connectionState, 'connected')
  t.same(
    states.filter(state => state === 'failed' || state === 'closed'),
    [],
  )
  const received: unknown[] = []
  there.onmessage = ({ data }) => received.push(data)
  here.send('still there?')
  await pair.sim.run(() => received.length > 0)
  t.same(received, ['still there?'])
  pair.a.close()
  pair.b.close()
})

t.test('an ICE restart while data flows loses nothing', async t => {
  const pair = createPair({ seed: 11, network: { delay: 20 } })
  const [here, there] = await open(pair, pair.a)
  const ufrag = (sdp: string | undefined) => /a=ice-ufrag:(\S+)/.exec(sdp ?? '')?.[1]
  const before = ufrag(pair.a.localDescription?.sdp)
  const received: number[] = []
  there.onmessage = ({ data }) => received.push(Number(data))
  let sent = 0
  pair.a.restartIce()
  const restarted = pair.negotiate()
  for (let i = 0; i < 100; i++) {
    here.send(String(sent++))
    await pair.sim.run(pair.sim.now() + 10)
  }
  await restarted
  await pair.sim.run(() => received.length >= sent)
  t.same(
    received,
    Array.from({ length: sent }, (_, i) => i),
  )
  t.not(ufrag(pair.a.localDescription?.sdp), before)
  t.equal(pair.a.connectionState, 'connected')
  t.match(pair.a.iceConnectionState, /^(connected|completed)$/)
  pair.a.close()
  pair.b.close()
})

t.test('closing one side closes the channels of the other', async t => {
  const pair = createPair({ seed: 5, network: { delay: 10 } })
  const [, there] = await open(pair, pair.a)
  const events: string[] = []
  there.onclosing = () => events.push('closing')
  there.onclose = () => events.push('close')
  pair.a.close()
  await pair.sim.run(() => there.readyState === 'closed')
  await pair.sim.run(pair.sim.now() + 100)
  t.equal(events.at(-1), 'close')
  pair.b.close()
})

t.test('when the network goes away, the connection fails and says so', async t => {
  const pair = createPair({ seed: 9, network: { delay: 10 } })
  await open(pair, pair.a)
  const states: string[] = []
  pair.a.onconnectionstatechange = () => states.push(pair.a.connectionState)
  pair.sim.network = { loss: 1 }
  await pair.sim.run(pair.sim.now() + 120_000)
  t.same(states, ['disconnected', 'failed'])
  pair.a.close()
  pair.b.close()
})
