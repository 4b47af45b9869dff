/** Readers keep what is not taken within bounds, and end with their track. */

import t from 'tap'
import { EncodedFrameReader, type MediaStreamTrack, type RTCEncodedVideoFrame } from '../../lib/media/index.ts'
import { frameOf, settled, trackWith } from './sources.ts'

const frames = (options: { kind?: 'audio' | 'video' } = {}) => {
  let keyFramesAsked = 0
  const { source, track } = trackWith({ form: 'frames', requestKeyFrame: () => keyFramesAsked++, ...options })
  const feed = (timestamp: number, keyFrame = false, size = 4) =>
    source.frame(frameOf({ kind: source.kind, timestamp, keyFrame, size }), timestamp)
  return { source, track, feed, asked: () => keyFramesAsked }
}

/** The timestamps of all that is left to read. */
const rest = async (reader: EncodedFrameReader): Promise<number[]> => {
  const timestamps: number[] = []
  for await (const { timestamp } of reader) timestamps.push(timestamp)
  return timestamps
}

t.test('of audio the oldest goes', async t => {
  const { source, track, feed } = frames({ kind: 'audio' })
  const reader = new EncodedFrameReader(track, { capacity: 3 })
  for (let i = 1; i <= 5; i++) feed(i, true)
  t.same(reader.counters, { received: 5, dropped: 2 })
  source.end()
  t.strictSame(await rest(reader), [3, 4, 5])
})

t.test('of video all goes that depends on what went, and a key frame is asked for', async t => {
  const { source, track, feed, asked } = frames()
  const reader = new EncodedFrameReader(track, { capacity: 3 })
  feed(1, true)
  feed(2)
  feed(3)
  t.equal(asked(), 0)
  feed(4)
  t.equal(asked(), 1)
  t.equal(reader.counters.dropped, 4)
  feed(5)
  t.equal(reader.counters.dropped, 5)
  feed(6, true)
  feed(7)
  source.end()
  t.strictSame(await rest(reader), [6, 7])
})

t.test('a key frame that is kept already is where reading goes on', async t => {
  const { source, track, feed, asked } = frames()
  const reader = new EncodedFrameReader(track, { capacity: 4 })
  feed(1, true)
  feed(2)
  feed(3, true)
  feed(4)
  feed(5)
  source.end()
  t.strictSame(await rest(reader), [3, 4, 5])
  t.equal(asked(), 0)
})

t.test('bytes are bounded too; a single one that is larger is kept', async t => {
  const { source, track, feed } = frames({ kind: 'audio' })
  const reader = new EncodedFrameReader(track, { byteCapacity: 3000 })
  feed(1, true, 1000)
  feed(2, true, 1000)
  feed(3, true, 1000)
  t.equal(reader.counters.dropped, 1)
  feed(4, true, 10_000)
  source.end()
  t.strictSame(await rest(reader), [4])
})

t.test('who waits gets what comes', async t => {
  const { source, track, feed } = frames()
  const iterator = new EncodedFrameReader(track, { capacity: 1 })[Symbol.asyncIterator]()
  const three = [iterator.next(), iterator.next(), iterator.next()]
  feed(1, true)
  feed(2)
  source.end()
  const results = await Promise.all(three)
  t.strictSame(
    results.map(({ done, value }) => (done ? 'done' : (value as RTCEncodedVideoFrame).timestamp)),
    [1, 2, 'done'],
  )
  t.match(await iterator.next(), { done: true })
})

t.test('leaving a loop closes the reader; the track goes on', async t => {
  const { source, track, feed } = frames()
  const reader = new EncodedFrameReader(track)
  feed(1, true)
  feed(2)
  for await (const frame of reader) {
    t.equal(frame.timestamp, 1)
    break
  }
  t.equal(reader.closed, true)
  t.equal(source.wantsFrames, false)
  feed(3)
  t.strictSame(await rest(reader), [])
  t.equal(track.readyState, 'live')
})

t.test('a stream closes behind what was kept when the track ends, and at once when nothing was', async t => {
  const { source, track, feed } = frames()
  const stream = new EncodedFrameReader(track).readable.getReader()
  const idle = new EncodedFrameReader(track, { capacity: 1 }).readable.getReader()
  feed(1, true)
  t.match(await idle.read(), { done: false })
  source.end()
  await idle.closed
  t.match(await stream.read(), { done: false, value: { timestamp: 1 } })
  t.match(await stream.read(), { done: true })
  await stream.closed
})

t.test('a stream that waits is closed by the end of the track; cancelling one closes the reader', async t => {
  const { source, track } = frames()
  const reading = new EncodedFrameReader(track).readable.getReader().read()
  const cancelled = new EncodedFrameReader(track)
  await cancelled.readable.cancel()
  t.equal(cancelled.closed, true)
  await settled()
  source.end()
  t.match(await reading, { done: true })
})

t.test('close during a read ends it', async t => {
  const { track } = frames()
  const reader = new EncodedFrameReader(track)
  const reading = reader.readable.getReader().read()
  await settled()
  reader.close()
  reader.close()
  t.match(await reading, { done: true })
})

t.test('a reader of a track that has ended has nothing', async t => {
  const { track } = frames()
  const stop = (face: MediaStreamTrack) => face.stop()
  stop(track)
  const reader = new EncodedFrameReader(track)
  t.equal(reader.closed, true)
  t.strictSame(await rest(reader), [])
  t.match(await reader.readable.getReader().read(), { done: true })
})

t.test('a thousand frames that nobody takes stay within the bound', t => {
  const { track, feed } = frames()
  const reader = new EncodedFrameReader(track)
  for (let i = 0; i < 10_000; i++) feed(i, i % 250 === 0)
  const { received, dropped } = reader.counters
  t.equal(received, 10_000)
  t.ok(received - dropped <= 128)
  t.end()
})
