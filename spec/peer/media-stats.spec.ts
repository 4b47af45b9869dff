/** The statistics of media (webrtc-stats, 8.2 to 8.9): what is counted, and how it fits together. */

import t from 'tap'
import type { RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera, film, Microphone, watch } from './media-world.ts'

type Stats = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

/** 20 ms each way; `loss` is the share of datagrams that never arrive. */
const world = async (seed: number, loss = 0) => {
  const pair = createPair({ seed, network: { delay: 20, loss } })
  const [camera, microphone] = [new Camera(1, 3000), new Microphone()]
  pair.a.addTrack(camera.track)
  pair.a.addTrack(microphone.track)
  const begin = pair.sim.now()
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
  const read = async (connection: RTCPeerConnection): Promise<Map<string, Stats>> =>
    new Map([...(await pair.sim.run(connection.getStats()))] as unknown as [string, Stats][])
  return { ...pair, pair, camera, microphone, begin, read }
}

const of = (stats: Map<string, Stats>, type: string, kind?: string): Stats =>
  [...stats.values()].find(each => each.type === type && (kind === undefined || each.kind === kind))!

t.test('both ends count the same', async t => {
  const { pair, a, b, camera, microphone, read, sim } = await world(51)
  watch(b.getReceivers()[0]!.track)
  await film(pair, 3000, camera, microphone)
  await sim.run(sim.now() + 2000)
  const [here, there] = [await read(a), await read(b)]
  for (const kind of ['audio', 'video']) {
    const [sent, received] = [of(here, 'outbound-rtp', kind), of(there, 'inbound-rtp', kind)]
    t.equal(received.ssrc, sent.ssrc)
    for (const unit of ['packets', 'bytes', 'headerBytes']) {
      t.ok(Number(sent[`${unit}Sent`]) > 0)
      t.equal(received[`${unit}Received`], sent[`${unit}Sent`], unit)
    }
    t.equal(received.packetsLost, 0)
    t.equal(received.mid, sent.mid)
    const names = [here.get(String(sent.codecId)), there.get(String(received.codecId))].map(each => each?.mimeType)
    t.same(names, kind === 'audio' ? ['audio/opus', 'audio/opus'] : ['video/VP8', 'video/VP8'])
    t.equal(here.get(String(sent.transportId))?.type, 'transport')
    t.equal(there.get(String(received.transportId))?.type, 'transport')
    const source = here.get(String(sent.mediaSourceId))
    t.match(source, { type: 'media-source', kind, ...(kind === 'video' && { frames: 75, width: 320, height: 240 }) })
    t.equal(received.trackIdentifier, source?.trackIdentifier)

    const [report, remote] = [here.get(String(sent.remoteId))!, there.get(String(received.remoteId))!]
    t.match(report, { type: 'remote-inbound-rtp', localId: sent.id, packetsLost: 0, fractionLost: 0, kind })
    t.ok(Math.abs(Number(report.roundTripTime) - 0.04) < 0.002, `round trip of ${report.roundTripTime} s`)
    const { totalRoundTripTime, roundTripTimeMeasurements } = report as Record<string, unknown>
    t.ok(Math.abs(Number(totalRoundTripTime) / Number(roundTripTimeMeasurements) - 0.04) < 0.002)
    t.match(remote, { type: 'remote-outbound-rtp', localId: received.id, kind })
    t.ok(Number(remote.packetsSent) <= Number(sent.packetsSent))
    t.ok(Number(remote.reportsSent) > 0)
  }
  const video = of(here, 'outbound-rtp', 'video')
  t.equal(video.framesSent, 75)
  t.equal(of(there, 'inbound-rtp', 'video').framesReceived, 75)
  t.equal(video.retransmittedPacketsSent, 0)
  t.equal(typeof video.rtxSsrc, 'number')
  a.close()
  b.close()
})

t.test('losses are counted, and what is sent again', async t => {
  const { pair, a, b, camera, read, sim } = await world(52, 0.05)
  watch(b.getReceivers()[0]!.track)
  await film(pair, 8000, camera)
  await sim.run(sim.now() + 3000)
  const [sent, received] = [of(await read(a), 'outbound-rtp', 'video'), of(await read(b), 'inbound-rtp', 'video')]
  t.ok(Number(received.nackCount) > 0)
  t.ok(Number(sent.nackCount) > 0)
  t.ok(Number(sent.retransmittedPacketsSent) > 5)
  t.ok(Number(received.retransmittedPacketsReceived) > 5)
  t.ok(Number(received.retransmittedPacketsReceived) <= Number(sent.retransmittedPacketsSent))
  t.ok(Number(sent.packetsSent) > Number(received.packetsReceived), 'not everything arrives')
  t.equal(received.framesReceived, 200)
  t.ok(Number(sent.retransmittedBytesSent) > 0)
  a.close()
  b.close()
})

t.test('of one sender, receiver or track', async t => {
  const { a, b, pair, camera, microphone, sim } = await world(53)
  await film(pair, 200, camera, microphone)
  const types = async (report: Promise<Iterable<[string, unknown]>>) =>
    new Set([...(await sim.run(report))].map(([, stats]) => (stats as Stats).type))
  const whole = await types(a.getStats())
  t.ok(whole.has('outbound-rtp') && whole.has('candidate-pair'))
  const ofSender = await types(a.getSenders()[0]!.getStats())
  t.ok(ofSender.has('outbound-rtp') && ofSender.has('codec') && ofSender.has('transport'))
  t.notOk(ofSender.has('inbound-rtp'))
  const [receiver] = b.getReceivers()
  t.ok((await types(receiver!.getStats())).has('inbound-rtp'))
  const ofTrack = [...(await sim.run(a.getStats(camera.track)))].map(([, stats]) => stats as unknown as Stats)
  t.same(
    ofTrack.filter(({ type }) => type === 'outbound-rtp').map(({ kind }) => kind),
    ['video'],
  )
  await t.rejects(sim.run(a.getStats(new Camera().track)), { name: 'InvalidAccessError' })
  a.close()
  b.close()
})
