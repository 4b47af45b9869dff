/** Which objects the statistics of streams have, which members, and for how long (webrtc-stats, 8.1 to 8.6). */

import t from 'tap'
import type { RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { Camera, film, Microphone, watch } from './media-world.ts'

type Stats = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

const read = async ({ sim }: Pair, connection: RTCPeerConnection, type: string): Promise<Stats[]> =>
  [...(await sim.run(connection.getStats())).values()]
    .map(stats => stats as unknown as Stats)
    .filter(each => each.type === type)

const connected = async (seed: number) => {
  const pair = createPair({ seed })
  const [camera, microphone] = [new Camera(), new Microphone()]
  pair.a.addTrack(camera.track)
  pair.a.addTrack(microphone.track)
  pair.b.addTrack(new Camera().track)
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
  return { pair, camera, microphone, ...pair }
}

t.test('one codec for both ways where it says the same', async t => {
  const { pair, a, b, camera } = await connected(111)
  const there = new Camera()
  await pair.sim.run(
    b
      .getSenders()
      .find(({ track }) => track?.kind === 'video')!
      .replaceTrack(there.track),
  )
  await film(pair, 200, camera, there)
  const codecs = await read(pair, a, 'codec')
  const [sent] = (await read(pair, a, 'outbound-rtp')).filter(({ kind }) => kind === 'video')
  const [received] = await read(pair, a, 'inbound-rtp')
  t.equal(sent!.codecId, received!.codecId)
  t.equal(codecs.filter(({ mimeType }) => mimeType === 'video/VP8').length, 1)
  a.close()
  b.close()
})

t.test('audio has no members of video', async t => {
  const { pair, a, b, camera, microphone } = await connected(112)
  for (const { track } of b.getReceivers()) watch(track)
  await film(pair, 400, camera, microphone)
  const members = ['framesReceived', 'framesDropped', 'keyFramesReceived', 'totalAssemblyTime', 'firCount', 'pliCount']
  for (const stats of await read(pair, b, 'inbound-rtp')) {
    t.same(
      members.filter(name => name in stats),
      stats.kind === 'video' ? members : [],
    )
    t.equal('retransmittedPacketsReceived' in stats, stats.kind === 'video', 'of what has retransmissions')
  }
  for (const stats of await read(pair, a, 'outbound-rtp')) {
    const isVideo = stats.kind === 'video'
    t.equal(stats.encodingIndex, isVideo ? 0 : undefined)
    t.equal('framesSent' in stats, isVideo)
  }
  a.close()
  b.close()
})

t.test('a stopped transceiver is told of until its end is agreed on', async t => {
  const { pair, a, b, sim, camera, microphone } = await connected(113)
  await film(pair, 400, camera, microphone)
  const before = (await read(pair, a, 'outbound-rtp')).find(({ kind }) => kind === 'audio')!
  const theirs = (await read(pair, b, 'inbound-rtp')).find(({ kind }) => kind === 'audio')!
  const transceiver = a.getTransceivers()[1]!
  b.getTransceivers()[1]!.stop()
  transceiver.stop()
  await film(pair, 200, camera, microphone)
  const { packetsSent, ssrc, codecId, id } = before
  const stopped = (await read(pair, a, 'outbound-rtp')).find(({ kind }) => kind === 'audio')
  t.match(stopped, { id, packetsSent, ssrc, codecId, active: false }, 'it counts no further')
  t.match(
    (await read(pair, b, 'inbound-rtp')).find(({ kind }) => kind === 'audio'),
    { id: theirs.id, packetsReceived: theirs.packetsReceived },
  )
  t.ok((await sim.run(transceiver.sender.getStats())).has(id))
  await sim.run(pair.negotiate())
  t.equal(transceiver.currentDirection, 'stopped')
  t.same(
    (await read(pair, a, 'outbound-rtp')).map(({ kind }) => kind),
    ['video'],
  )
  t.notOk((await read(pair, b, 'inbound-rtp')).some(({ kind }) => kind === 'audio'))
  a.close()
  b.close()
})
