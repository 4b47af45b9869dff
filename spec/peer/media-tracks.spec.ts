/** Tracks between two connections (webrtc-pc, 5.1 and 5.4): what is told, in which order, with which directions. */

import t from 'tap'
import { MediaStream } from '../../lib/media/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera, film, logMedia, Microphone, watch } from './media-world.ts'

t.test('tracks are added, replaced in their streams, removed and added again', async t => {
  const pair = createPair({ seed: 1 })
  const { a, b, sim } = pair
  const log: string[] = []
  logMedia(b, log)
  const [camera, microphone] = [new Camera(), new Microphone()]
  const stream = new MediaStream()
  const [video, audio] = [a.addTrack(camera.track, stream), a.addTrack(microphone.track, stream)]
  await sim.run(pair.negotiate())
  t.same(log, [
    'signaling have-remote-offer',
    `track video 0 in ${stream.id}: muted`,
    `track audio 1 in ${stream.id}: muted`,
    'signaling stable',
  ])
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  t.same(
    a.getTransceivers().map(each => each.currentDirection),
    ['sendonly', 'sendonly'],
  )
  t.same(
    b.getTransceivers().map(each => [each.direction, each.currentDirection]),
    [
      ['recvonly', 'recvonly'],
      ['recvonly', 'recvonly'],
    ],
  )
  t.same(
    b.getReceivers().map(({ track }) => track.id),
    [camera.track.id, microphone.track.id],
  )
  log.length = 0
  await film(pair, 200, camera, microphone)
  t.same(log.sort(), ['unmute audio', 'unmute video'])

  log.length = 0
  const other = new MediaStream()
  video.setStreams(other)
  await sim.run(pair.negotiate())
  t.same(log, [
    'signaling have-remote-offer',
    `removetrack video from ${stream.id}`,
    `track video 0 in ${other.id}: live`,
    'signaling stable',
  ])

  log.length = 0
  a.removeTrack(audio)
  t.equal(audio.track, null)
  a.removeTrack(audio)
  await sim.run(pair.negotiate())
  t.same(log, ['signaling have-remote-offer', 'mute audio', `removetrack audio from ${stream.id}`, 'signaling stable'])
  t.equal(a.getTransceivers()[1]!.currentDirection, 'inactive')
  t.throws(() => a.addTrack(camera.track), { name: 'InvalidAccessError' })
  t.not(a.addTrack(new Microphone().track), audio, 'a sender that has sent is not taken for another track')
  a.close()
  b.close()
})

t.test('whoever answers sends by the same transceiver', async t => {
  const pair = createPair({ seed: 2 })
  const { a, b, sim } = pair
  const [here, there] = [new Camera(1), new Camera(2)]
  a.addTrack(here.track)
  b.addTrack(there.track)
  t.equal(b.getTransceivers()[0]!.mid, null)
  await sim.run(pair.negotiate())
  t.equal(b.getTransceivers().length, 1, 'of addTrack: the offer takes it')
  t.equal(b.getTransceivers()[0]!.currentDirection, 'sendrecv')
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const seen = [a, b].map(connection => watch(connection.getReceivers()[0]!.track))
  await film(pair, 400, here, there)
  t.ok(seen[0]!.length >= 9 && seen[0]!.every(mark => mark === 2))
  t.ok(seen[1]!.length >= 9 && seen[1]!.every(mark => mark === 1))
  a.close()
  b.close()
})

t.test('directions: nothing comes where it was not agreed on', async t => {
  const pair = createPair({ seed: 3 })
  const { a, b, sim } = pair
  const [here, there] = [new Camera(1), new Camera(2)]
  const ours = a.addTransceiver(here.track)
  b.ontrack = ({ transceiver }) => {
    transceiver.direction = 'sendrecv'
    void transceiver.sender.replaceTrack(there.track)
  }
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const seen = [a, b].map(connection => watch(connection.getReceivers()[0]!.track))
  const cases = [
    ['sendrecv', 'sendrecv', true, true],
    ['sendonly', 'recvonly', false, true],
    ['inactive', 'inactive', false, false],
    ['recvonly', 'sendonly', true, false],
    ['sendrecv', 'sendrecv', true, true],
  ] as const
  for (const [direction, opposite, comes, goes] of cases) {
    ours.direction = direction
    await sim.run(pair.negotiate())
    t.equal(ours.currentDirection, direction)
    t.equal(b.getTransceivers()[0]!.currentDirection, opposite)
    await film(pair, 1000, here, there)
    for (const marks of seen) marks.length = 0
    await film(pair, 400, here, there)
    t.equal(seen[0]!.length > 5, comes, `${direction}: to the offerer`)
    t.equal(seen[1]!.length > 5, goes, `${direction}: to the answerer`)
    t.equal(a.getReceivers()[0]!.track.muted, !comes)
    t.equal(b.getReceivers()[0]!.track.muted, !goes)
  }
  a.close()
  b.close()
})

t.test('a transceiver that is stopped, and its place', async t => {
  const pair = createPair({ seed: 4 })
  const { a, b, sim } = pair
  const camera = new Camera()
  const first = a.addTransceiver(camera.track)
  a.addTransceiver('audio')
  await sim.run(pair.negotiate())
  const [theirs] = b.getTransceivers()
  const log: string[] = []
  theirs!.receiver.track.addEventListener('ended', () => log.push('ended'))
  first.receiver.track.addEventListener('ended', () => log.push('ours ended'))
  first.stop()
  t.equal(first.direction, 'stopped')
  t.equal(first.currentDirection, 'sendonly', 'until it is agreed on')
  t.equal(first.sender.track, camera.track)
  t.throws(
    () => {
      first.direction = 'sendonly'
    },
    { name: 'InvalidStateError' },
  )
  await sim.run(pair.negotiate())
  t.same([first.currentDirection, theirs!.currentDirection], ['stopped', 'stopped'])
  t.same(log, ['ours ended', 'ended'])
  t.equal(camera.track.readyState, 'live')
  t.equal(a.getTransceivers().length, 1)
  t.equal(b.getTransceivers().length, 1)
  await t.rejects(sim.run(first.sender.replaceTrack(null)), { name: 'InvalidStateError' })

  const next = a.addTransceiver(camera.track)
  await sim.run(pair.negotiate())
  t.equal(a.localDescription!.sdp.split('\nm=').length - 1, 2, 'no third m-section')
  t.equal(next.mid, '2')
  const seen = watch(b.getReceivers().find(({ track }) => track.kind === 'video')!.track)
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  await film(pair, 400, camera)
  t.ok(seen.length > 5)
  a.close()
  b.close()
})

t.test('after the end of the connection', async t => {
  const { a, b, sim } = createPair({ seed: 5 })
  const camera = new Camera()
  const transceiver = a.addTransceiver(camera.track)
  a.close()
  b.close()
  t.equal(transceiver.currentDirection, 'stopped')
  await sim.run(sim.now() + 1)
  t.equal(transceiver.receiver.track.readyState, 'ended')
  t.equal(camera.track.readyState, 'live')
  t.throws(() => a.addTrack(camera.track), { name: 'InvalidStateError' })
  t.throws(() => a.addTransceiver('audio'), { name: 'InvalidStateError' })
  t.throws(() => a.removeTrack(transceiver.sender), { name: 'InvalidStateError' })
  t.throws(() => transceiver.stop(), { name: 'InvalidStateError' })
})
