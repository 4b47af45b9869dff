/** MediaStream and MediaStreamTrackEvent (mediacapture-main, 4.2 and 4.4). */

import t from 'tap'
import {
  addTrackTo,
  createStream,
  MediaStream,
  type MediaStreamTrack,
  MediaStreamTrackEvent,
  removeTrackFrom,
} from '../../lib/media/index.ts'
import { eventsOf, trackWith } from './sources.ts'

const audio = () => trackWith({ kind: 'audio' }).track
const video = () => trackWith({ kind: 'video' }).track

t.test('a stream is made of nothing, of tracks, or of those of another', t => {
  const a = audio()
  const v = video()
  const stream = new MediaStream([v, a, v])
  t.strictSame(new MediaStream().getTracks(), [])
  t.strictSame(stream.getTracks(), [v, a], 'each once')
  t.strictSame(stream.getAudioTracks(), [a])
  t.strictSame(stream.getVideoTracks(), [v])
  const other = new MediaStream(stream)
  t.strictSame(other.getTracks(), [v, a])
  t.equal(other.id.length, 36)
  t.not(other.id, stream.id)
  t.equal(new MediaStream(new Set([a])).getTrackById(a.id), a)
  t.equal(stream.getTrackById('none'), null)
  t.end()
})

t.test('arguments are refused as Web IDL has it', t => {
  const stream = new MediaStream()
  t.throws(() => new MediaStream([{}] as MediaStreamTrack[]), TypeError)
  t.throws(() => new MediaStream(7 as unknown as MediaStream), TypeError)
  t.throws(() => stream.addTrack({} as MediaStreamTrack), TypeError)
  t.throws(() => stream.removeTrack(undefined as unknown as MediaStreamTrack), TypeError)
  t.throws(() => (stream.getTrackById as unknown as () => void)(), TypeError)
  t.throws(() => new MediaStreamTrackEvent('addtrack', {} as { track: MediaStreamTrack }), TypeError)
  t.end()
})

t.test('a script that adds and removes tracks gets no events; the user agent fires them', t => {
  const stream = createStream('from the peer', [audio()])
  t.equal(stream.id, 'from the peer')
  const fired = eventsOf(stream, ['addtrack', 'removetrack'])
  const tracks: MediaStreamTrack[] = []
  stream.onaddtrack = event => tracks.push(event.track)
  const v = video()
  stream.addTrack(v)
  stream.addTrack(v)
  stream.removeTrack(v)
  stream.removeTrack(v)
  t.strictSame(fired, [])
  addTrackTo(stream, v)
  addTrackTo(stream, v)
  removeTrackFrom(stream, v)
  removeTrackFrom(stream, v)
  t.strictSame(fired, ['addtrack', 'removetrack'])
  t.strictSame(tracks, [v])
  t.end()
})

t.test('a stream is active while one of its tracks is live', t => {
  const a = audio()
  const stream = new MediaStream([a, video()])
  const clone = stream.clone()
  t.equal(new MediaStream().active, false)
  a.stop()
  t.equal(stream.active, true)
  stream.getVideoTracks()[0]?.stop()
  t.equal(stream.active, false)
  t.equal(clone.active, true, 'its tracks are clones')
  t.not(clone.getAudioTracks()[0]?.id, a.id)
  t.end()
})
