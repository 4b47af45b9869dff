import t from 'tap'
import { TransportFeedbackRecorder } from '../../lib/flow/transport-feedback-recorder.ts'
import { sequenceNumberAt, type TransportFeedback } from '../../lib/rtp/index.ts'
import { EXTENSIONS, FlowPair, H264, H264_RTX, h264Frame, receiving, sending } from './pair.ts'

/** When each packet came by what the reports say, in milliseconds; undefined: lost. */
const told = (reports: readonly TransportFeedback[]): Map<number, number | undefined> => {
  const all = new Map<number, number | undefined>()
  for (const report of reports) {
    let ticks = report.referenceTime * 256
    report.arrivals.forEach((arrival, index) => {
      if (arrival !== undefined) ticks += arrival
      const number = sequenceNumberAt(report, index)
      if (arrival !== undefined || all.get(number) === undefined)
        all.set(number, arrival === undefined ? undefined : ticks / 4)
    })
  }
  return all
}

t.test('tells when each packet came, to a quarter of a millisecond, with nothing lost by rounding', t => {
  const recorder = new TransportFeedbackRecorder()
  const at: number[] = []
  const reports: TransportFeedback[] = []
  for (let index = 0; index < 3000; index++) {
    const now = 5000 + index * 1.1 + Math.sin(index)
    at.push(now)
    recorder.record((65_000 + index) & 0xffff, now)
    if (recorder.deadline <= now) reports.push(...recorder.take(now))
  }
  reports.push(...recorder.take(20_000))
  const all = told(reports)
  t.equal(all.size, 3000)
  t.ok(at.every((now, index) => Math.abs(all.get((65_000 + index) & 0xffff)! - now) <= 0.126))
  t.same(
    reports.map(({ feedbackCount }) => feedbackCount),
    reports.map((_, index) => index & 0xff),
  )
  t.ok(reports.length >= 30 && reports.length <= 34, 'every 100 ms')
  t.end()
})

t.test('tells of losses within a report, and between two', t => {
  const recorder = new TransportFeedbackRecorder()
  for (const number of [10, 11, 14]) recorder.record(number, 0)
  const [first] = recorder.take(100)
  t.same(first!.arrivals, [0, 0, undefined, undefined, 0])
  recorder.record(17, 150)
  t.same(recorder.take(200), [], 'it is not time')
  const [second] = recorder.take(250)
  t.equal(second!.baseSequenceNumber, 15)
  t.same(second!.arrivals.slice(0, 2), [undefined, undefined])
  t.equal(second!.arrivals.length, 3)
  t.equal(second!.referenceTime, 2)
  t.equal(second!.arrivals[2], (150 - 128) * 4)
  t.end()
})

t.test('goes back for what came late, and takes nothing back', t => {
  const recorder = new TransportFeedbackRecorder()
  for (const number of [1, 2, 4, 5]) recorder.record(number, 10)
  recorder.take(110)
  recorder.record(3, 120)
  recorder.record(3, 130)
  recorder.record(6, 130)
  const [report] = recorder.take(230)
  t.equal(report!.baseSequenceNumber, 3)
  t.same(
    report!.arrivals.map(arrival => arrival !== undefined),
    [true, true, true, true],
  )
  const all = told([report!])
  t.same(
    [3, 4, 5, 6].map(number => all.get(number)),
    [120, 10, 10, 130],
  )
  t.end()
})

t.test('makes several reports of what one has no room or no delta for', t => {
  const recorder = new TransportFeedbackRecorder()
  recorder.record(0, 0)
  recorder.record(1, 60_000)
  const far = recorder.take(70_000)
  t.equal(far.length, 2)
  t.same(
    told(far),
    new Map([
      [0, 0],
      [1, 60_000],
    ]),
  )
  for (let number = 2; number < 402; number++) recorder.record(number, 70_000)
  t.ok(recorder.deadline <= 70_000, 'at once')
  t.equal(recorder.take(70_000).length, 1)
  // A jump is not told packet by packet.
  recorder.record(30_000, 70_001)
  const jump = recorder.take(80_000)
  t.ok(jump.length <= 2)
  t.equal(told(jump).get(30_000), 70_001)
  recorder.record(500, 80_000)
  t.equal(recorder.dropped, 1)
  t.end()
})

t.test('feeds the sender, where the codec was negotiated with it', t => {
  const pair = new FlowPair({ loss: 0.05, seed: 4 })
  const { sender } = pair.stream('video', sending(), receiving())
  const source = {}
  pair.every(20, 200, (index, now) => void sender.sendFrame(h264Frame(index, index === 0, 3000), source, now))
  pair.run(5000)
  const events = pair.of('a', 'transport-feedback')
  t.ok(events.length > 25)
  const all = told(events.map(({ feedback }) => feedback))
  const arrived = [...all.values()].filter(at => at !== undefined).length
  t.ok(arrived > 500)
  t.ok(pair.rtcp.b.every(({ size }) => size <= 1176))

  const without = new FlowPair()
  const codecs = [{ ...H264, feedback: [] }, H264_RTX]
  const its = without.stream('video', sending({ codecs, extensions: EXTENSIONS }), receiving({ codecs }))
  without.every(20, 20, (index, now) => void its.sender.sendFrame(h264Frame(index, index === 0, 3000), source, now))
  without.run(1000)
  t.equal(without.told('b', 'transport-feedback').length, 0)
  t.end()
})
