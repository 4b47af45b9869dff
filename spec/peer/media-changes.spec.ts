/** What is put in the place of another, or taken back: replaceTrack, setCodecPreferences, rollback (webrtc-pc, 4.4.1.5 and 5). */

import t from 'tap'
import { MediaStream } from '../../lib/media/index.ts'
import { RTCRtpReceiver, RTCRtpSender } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera, film, logMedia, Microphone, watch } from './media-world.ts'

t.test('another track goes on in the same stream, with a key frame', async t => {
  const pair = createPair({ seed: 11 })
  const { a, b, sim } = pair
  const [first, second] = [new Camera(1), new Camera(2)]
  const { sender } = a.addTransceiver(first.track)
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const seen = watch(b.getReceivers()[0]!.track)
  await film(pair, 200, first, second)
  t.ok(seen.length > 3 && seen.every(mark => mark === 1))
  const { asked } = second
  await sim.run(sender.replaceTrack(second.track))
  t.equal(sender.track, second.track)
  t.ok(second.asked > asked, 'it is asked for a key frame')
  await film(pair, 200, first, second)
  t.equal(seen.at(-1), 2)
  t.equal(seen.lastIndexOf(1) + 1, seen.indexOf(2), 'nothing of the first one comes later')
  await sim.run(sender.replaceTrack(null))
  const { length } = seen
  await film(pair, 200, first, second)
  t.equal(seen.length, length)
  await sim.run(sender.replaceTrack(first.track))
  await film(pair, 200, first)
  t.equal(seen.at(-1), 1)

  const [inbound] = [...(await sim.run(b.getStats())).values()].filter(({ type }) => type === 'inbound-rtp')
  t.match(inbound, { packetsLost: 0, framesDropped: 0 }, 'no gap shows')
  await t.rejects(sim.run(sender.replaceTrack(new Microphone().track)), { name: 'TypeError' })
  t.equal(a.signalingState, 'stable')
  a.close()
  b.close()
})

t.test('a disabled track sends nothing, a stopped one neither', async t => {
  const pair = createPair({ seed: 12 })
  const { a, b, sim } = pair
  const camera = new Camera()
  a.addTrack(camera.track)
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const seen = watch(b.getReceivers()[0]!.track)
  await film(pair, 200, camera)
  camera.track.enabled = false
  await film(pair, 40, camera)
  const { length } = seen
  await film(pair, 400, camera)
  t.equal(seen.length, length)
  camera.track.enabled = true
  await film(pair, 200, camera)
  t.ok(seen.length > length)
  camera.track.stop()
  await film(pair, 40, camera)
  const end = seen.length
  await film(pair, 200, camera)
  t.equal(seen.length, end)
  t.ok(camera.source.counters.ignored > 0, 'the source has ended with its last track')
  a.close()
  b.close()
})

t.test('what a track is received by can be sent on', async t => {
  const pair = createPair({ seed: 13 })
  const { a, b, sim } = pair
  const camera = new Camera(7)
  a.addTransceiver(camera.track)
  b.ontrack = ({ track, transceiver }) => {
    transceiver.direction = 'sendrecv'
    void transceiver.sender.replaceTrack(track)
  }
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const seen = watch(a.getReceivers()[0]!.track)
  await film(pair, 400, camera)
  t.ok(seen.length > 7 && seen.every(mark => mark === 7))
  a.close()
  b.close()
})

t.test('codec preferences decide what is offered and answered', async t => {
  const pair = createPair({ seed: 14 })
  const { a, b, sim } = pair
  const transceiver = a.addTransceiver('video')
  const { codecs } = RTCRtpSender.getCapabilities('video')!
  const of = (...names: string[]) =>
    names.flatMap(name => codecs.filter(({ mimeType }) => mimeType === `video/${name}`))
  transceiver.setCodecPreferences(of('VP9', 'VP8', 'rtx'))
  b.ontrack = ({ transceiver }) => transceiver.setCodecPreferences(of('VP8', 'rtx', 'AV1'))
  await sim.run(pair.negotiate())
  const names = (sdp: string | undefined) => [...(sdp ?? '').matchAll(/a=rtpmap:\d+ (\w+)/g)].map(([, name]) => name)
  t.same([...new Set(names(a.localDescription?.sdp))], ['VP9', 'VP8', 'rtx'])
  t.same(names(b.localDescription?.sdp), ['VP8', 'rtx'])
  const unknown = { mimeType: 'video/theora', clockRate: 90_000 }
  t.throws(() => transceiver.setCodecPreferences([unknown]), { name: 'InvalidModificationError' })
  t.throws(() => transceiver.setCodecPreferences(of('rtx')), { name: 'InvalidModificationError' })
  transceiver.setCodecPreferences([])
  t.ok(names((await sim.run(a.createOffer())).sdp).includes('H264'))
  t.equal(RTCRtpReceiver.getCapabilities('text'), null)
  a.close()
  b.close()
})

t.test('a rollback takes back what the offer of the peer has made', async t => {
  const pair = createPair({ seed: 15 })
  const { a, b, sim } = pair
  a.onicecandidate = null
  const log: string[] = []
  logMedia(b, log)
  const stream = new MediaStream()
  a.addTrack(new Camera().track, stream)
  a.addTrack(new Microphone().track, stream)
  const own = b.addTrack(new Camera().track)
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.equal(b.getTransceivers().length, 2)
  t.equal(b.getTransceivers()[0]!.mid, '0')
  const [video, audio] = b.getReceivers()
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  t.equal(b.getTransceivers().length, 1, 'what the offer has made is gone')
  t.same(b.getSenders(), [own])
  t.equal(b.getTransceivers()[0]!.mid, null, 'what it has found is as it was')
  await sim.run(sim.now() + 1)
  t.equal(audio!.track.readyState, 'ended')
  t.equal(video!.track.readyState, 'live')
  t.same(
    log.filter(line => /track/.test(line)),
    [
      `track video 0 in ${stream.id}: muted`,
      `track audio 1 in ${stream.id}: muted`,
      `removetrack video from ${stream.id}`,
      `removetrack audio from ${stream.id}`,
    ],
  )
  log.length = 0
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.ok(log.includes(`track video 0 in ${stream.id}: muted`), 'and comes again')

  const kept = b.getTransceivers()[1]!
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  await sim.run(sim.now() + 1)
  t.equal(kept.receiver.track.readyState, 'ended')
  await sim.run(b.setRemoteDescription(a.localDescription!))
  const given = b.addTrack(new Microphone().track)
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  t.ok(b.getSenders().includes(given), 'a transceiver that addTrack has taken stays')
  t.equal(b.getTransceivers().find(({ sender }) => sender === given)!.mid, null)
  a.close()
  b.close()
})

t.test('an own offer is taken back too', async t => {
  const pair = createPair({ seed: 16 })
  const { a, b, sim } = pair
  a.onicecandidate = null
  const transceiver = a.addTransceiver('audio')
  await sim.run(a.setLocalDescription())
  t.equal(transceiver.mid, '0')
  t.not(transceiver.sender.transport, null)
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  t.equal(transceiver.mid, null)
  t.equal(transceiver.sender.transport, null)
  await sim.run(pair.negotiate())
  t.equal(transceiver.mid, '0')
  t.equal(transceiver.currentDirection, 'sendonly', 'whoever has nothing to send only receives')
  a.close()
  b.close()
})
