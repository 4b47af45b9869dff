/** MediaStreamTrack: its states, and what passes through it (mediacapture-main, 4.3). */

import t from 'tap'
import { createTrack, MediaStreamTrack, SourcePacketView, type TrackSink, trackOf } from '../../lib/media/index.ts'
import { eventsOf, frameOf, trackWith } from './sources.ts'

const EVENTS = ['mute', 'unmute', 'ended']

t.test('a track tells of its source', t => {
  const { track } = trackWith({ kind: 'audio', label: 'line in', muted: true })
  t.match(track, { kind: 'audio', label: 'line in', enabled: true, muted: true, readyState: 'live', contentHint: '' })
  t.match(track.id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  t.equal(Object.prototype.toString.call(track), '[object MediaStreamTrack]')
  t.equal(createTrack(trackWith().source, 'from the peer').id, 'from the peer')
  t.end()
})

t.test('scripts make none, and one set of slots has one face', t => {
  const Constructor = MediaStreamTrack as unknown as new (slots?: unknown) => MediaStreamTrack
  t.throws(() => new Constructor(), { name: 'TypeError', message: 'Illegal constructor' })
  t.throws(() => new Constructor({}), TypeError)
  t.throws(() => new Constructor(trackOf(trackWith().track)), TypeError)
  t.end()
})

t.test('mute and unmute are the source’s, and told once to each live track', t => {
  const { source, track } = trackWith()
  const clone = track.clone()
  const fired = eventsOf(track, EVENTS)
  const ofClone = eventsOf(clone, EVENTS)
  let seen: boolean | undefined
  track.onmute = () => {
    seen = track.muted
  }
  source.setMuted(true)
  source.setMuted(true)
  t.equal(seen, true, 'the state has changed when the event is fired')
  clone.stop()
  source.setMuted(false)
  t.strictSame(fired, ['mute', 'unmute'])
  t.strictSame(ofClone, ['mute'])
  t.equal(clone.muted, true)
  t.end()
})

t.test('stop ends a track without an event; the source stops with the last', t => {
  let stopped = 0
  const { source, track } = trackWith({ stopped: () => stopped++ })
  const clone = track.clone()
  const fired = eventsOf(track, EVENTS)
  track.stop()
  t.match([track.readyState, clone.readyState, stopped], ['ended', 'live', 0])
  clone.stop()
  clone.stop()
  t.match([clone.readyState, stopped, source.ended], ['ended', 1, true])
  source.setMuted(true)
  t.strictSame(fired, [])
  t.equal(createTrack(source).readyState, 'ended', 'of a source that has ended')
  t.end()
})

t.test('when its source ends, a track fires ended, and its sinks are told', t => {
  const { source, track } = trackWith()
  const clone = track.clone()
  const fired = eventsOf(track, EVENTS)
  let told = 0
  trackOf(track).addSink({ ended: () => told++ })
  clone.onended = () => track.stop()
  source.end()
  source.end()
  t.strictSame(fired, ['ended'])
  t.match([track.readyState, clone.readyState, told], ['ended', 'ended', 1])
  trackOf(track).addSink({ ended: () => told++ })
  t.equal(told, 2, 'a sink that comes too late is told at once')
  t.end()
})

t.test('a clone has an id of its own, and what was set before', t => {
  const { track } = trackWith({ muted: true })
  track.enabled = false
  track.contentHint = 'detail'
  const clone = track.clone()
  t.not(clone.id, track.id)
  t.match(clone, { enabled: false, muted: true, contentHint: 'detail', readyState: 'live' })
  clone.enabled = true
  t.equal(track.enabled, false)
  track.stop()
  t.equal(track.clone().readyState, 'ended')
  t.equal(clone.readyState, 'live')
  t.end()
})

t.test('content hints are those of the kind; others are ignored', t => {
  const { track } = trackWith({ kind: 'audio' })
  track.contentHint = 'music'
  track.contentHint = 'motion'
  t.equal(track.contentHint, 'music')
  track.contentHint = ''
  t.equal(track.contentHint, '')
  t.end()
})

t.test('a disabled track passes nothing on, whatever its clones do', t => {
  const { source, track } = trackWith({ form: 'frames' })
  const clone = track.clone()
  const got: string[] = []
  trackOf(track).addSink({ frame: () => got.push('track') })
  trackOf(clone).addSink({ frame: () => got.push('clone') })
  source.frame(frameOf(), 1)
  track.enabled = false
  source.frame(frameOf(), 2)
  track.enabled = true
  clone.stop()
  source.frame(frameOf(), 3)
  t.strictSame(got, ['track', 'clone', 'clone', 'track'])
  t.end()
})

t.test('what comes while a track is muted passes: the first packet is ahead of the event that says so', t => {
  const { source, track } = trackWith({ form: 'frames', muted: true })
  const got: unknown[] = []
  trackOf(track).addSink({ frame: (_, now) => got.push(now) })
  source.frame(frameOf(), 5)
  t.strictSame(got, [5])
  t.end()
})

t.test('a sink of both forms gets the source’s own; one of frames makes a source of packets put them together', t => {
  const demands: string[] = []
  const { source, track } = trackWith({
    makesFrames: true,
    demandChanged: () => demands.push(`${source.wantsPackets ? 'packets ' : ''}${source.wantsFrames ? 'frames' : ''}`),
  })
  const slots = trackOf(track)
  const got: string[] = []
  const both: TrackSink = { packet: () => got.push('packet'), frame: () => got.push('frame of both') }
  const frames: TrackSink = { frame: () => got.push('frame') }
  slots.addSink(both)
  slots.addSink(both)
  slots.addSink(frames)
  source.frame(frameOf(), 0)
  t.strictSame(got, ['frame'])
  slots.removeSink(both)
  slots.removeSink(both)
  track.stop()
  t.strictSame(demands, ['packets ', 'packets frames', 'frames', ''])
  t.end()
})

t.test('a sink may stop the track, or remove itself, while it is called', t => {
  const { source, track } = trackWith({ form: 'frames' })
  const slots = trackOf(track)
  let calls = 0
  const once: TrackSink = {
    frame() {
      calls++
      slots.removeSink(once)
    },
  }
  slots.addSink(once)
  slots.addSink({ frame: () => track.stop() })
  source.frame(frameOf(), 0)
  source.frame(frameOf(), 0)
  t.equal(calls, 1)
  t.equal(source.ended, true)
  t.end()
})

t.test('key frames are asked of a live source of video', t => {
  let asked = 0
  const { track } = trackWith({ requestKeyFrame: () => asked++ })
  const audio = trackWith({ kind: 'audio', requestKeyFrame: () => asked++ })
  trackOf(track).requestKeyFrame()
  trackOf(audio.track).requestKeyFrame()
  track.stop()
  trackOf(track).requestKeyFrame()
  t.equal(asked, 1)
  t.end()
})

t.test('after it was disabled, a track goes on as another stream, and asks for a key frame', t => {
  let asked = 0
  const { source, track } = trackWith({ form: 'frames', requestKeyFrame: () => asked++ })
  const clone = track.clone()
  const streams = { track: [] as object[], clone: [] as object[] }
  trackOf(track).addSink({ frame: (_frame, _now, stream) => streams.track.push(stream) })
  trackOf(clone).addSink({ frame: (_frame, _now, stream) => streams.clone.push(stream) })
  const feed = (ssrc = 7) => source.frame(frameOf({ ssrc }), 0)
  feed()
  feed()
  track.enabled = true
  t.equal(asked, 0)
  track.enabled = false
  feed()
  track.enabled = true
  t.equal(asked, 1)
  feed()
  feed()
  feed(8)
  feed(8)
  const places = (of: object[]) => of.map(stream => of.indexOf(stream))
  t.strictSame(places(streams.track), [0, 0, 2, 2, 4, 4])
  t.strictSame(places(streams.clone), [0, 0, 0, 0, 0, 5, 5])
  t.equal(source.frames, 7)
  t.end()
})

t.test('packets of a track that was disabled are of another stream too, for this track alone', t => {
  const { source, track } = trackWith()
  const clone = track.clone()
  const streams = { track: [] as object[], clone: [] as object[] }
  trackOf(track).addSink({ packet: packet => streams.track.push(packet.source) })
  trackOf(clone).addSink({ packet: packet => streams.clone.push(packet.source) })
  const stream = {}
  const view = new SourcePacketView(stream)
  view.marker = true
  source.packet(view, 0)
  track.enabled = false
  track.enabled = true
  source.packet(view, 0)
  source.packet(view, 0)
  t.equal(streams.track[0], stream)
  t.not(streams.track[1], stream)
  t.equal(streams.track[2], streams.track[1])
  t.ok(streams.clone.every(each => each === stream))
  t.equal(view.source, stream)
  t.equal(source.frames, 3)
  t.end()
})
