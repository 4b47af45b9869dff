import {
  FINAL_REPORTS,
  payloadFormat,
  type ReceivedTelephoneEvent,
  RedDepacketizer,
  TelephoneEventReceiver,
  TelephoneEventSender,
  toneEvent,
} from 'purertc/rtp'
import t from 'tap'
import { fromHex } from '../../lib/bytes/index.ts'
import { fixtureBytes } from '../fixture.ts'

interface Report {
  readonly payload: Uint8Array
  readonly offset: number
  readonly marker: boolean
}

/** The reports of an event of so many ticks, one each `interval`. */
const reports = (event: number, duration: number, interval: number): Report[] => {
  const sent: Report[] = []
  const sender = new TelephoneEventSender(event, 10, (payload, offset, marker) =>
    sent.push({ payload: payload.slice(), offset, marker }),
  )
  for (let elapsed = interval; elapsed < duration; elapsed += interval) sender.update(elapsed)
  for (let i = 0; i < FINAL_REPORTS; i++) sender.finish(duration)
  return sent
}

const receiver = () => {
  const events: ReceivedTelephoneEvent[] = []
  return { events, telephone: new TelephoneEventReceiver(event => events.push({ ...event })) }
}

t.test('tones have the codes of RFC 4733, 3.2', t => {
  t.same(
    [...'0123456789*#ABCD'].map(toneEvent),
    Array.from({ length: 16 }, (_, index) => index),
  )
  t.equal(toneEvent('d'), 15)
  t.same(['', 'E', ',', '12'].map(toneEvent), [-1, -1, -1, -1])
  t.end()
})

t.test('an event is reports with growing durations, the last of them three times', t => {
  const sent = reports(9, 1600, 400)
  t.same(
    sent.map(({ payload }) => [...payload]),
    [
      [9, 10, 0x01, 0x90],
      [9, 10, 0x03, 0x20],
      [9, 10, 0x04, 0xb0],
      [9, 0x8a, 0x06, 0x40],
      [9, 0x8a, 0x06, 0x40],
      [9, 0x8a, 0x06, 0x40],
    ],
  )
  t.same(
    sent.map(({ marker }) => marker),
    [true, false, false, false, false, false],
  )
  t.ok(sent.every(({ offset }) => offset === 0))
  t.throws(() => new TelephoneEventSender(256, 0, () => {}), RangeError)
  t.throws(() => new TelephoneEventSender(1, 64, () => {}), RangeError)
  t.end()
})

t.test('a long event is told in segments', t => {
  // Two seconds at 48 kHz: 96,000 ticks.
  const sent = reports(1, 96_000, 2400)
  const full = sent.filter(({ payload }) => payload[2] === 0xff && payload[3] === 0xff)
  t.equal(full.length, 3)
  t.ok(full.every(({ payload, offset }) => (payload[1]! & 0x80) === 0 && offset === 0))
  t.same(sent.at(-1), {
    payload: Uint8Array.of(1, 0x8a, (96_000 - 65_535) >> 8, (96_000 - 65_535) & 0xff),
    offset: 65_535,
    marker: false,
  })
  t.equal(sent.filter(({ marker }) => marker).length, 1)
  const { events, telephone } = receiver()
  for (const { payload, offset } of sent) telephone.receive(payload, 0, 4, (0xfffffff0 + offset) >>> 0)
  t.equal(events.filter(({ change }) => change === 'begins').length, 1)
  t.same(events.at(-1), { event: 1, volume: 10, timestamp: 0xfffffff0, duration: 96_000, change: 'ends' })
  t.equal(events.filter(({ change }) => change === 'ends').length, 1)
  t.end()
})

t.test('the example of RFC 2833, 3.14: while 911 is dialled, each payload repeats the digits before in RED', t => {
  // 9 began at 0 and lasted 200 ms, 1 at 800 ms and lasted 250 ms, 1 began at 1.4 s: sent 50 ms later. Telephone events are type 97.
  const payload = fromHex('e1af0004 e14b0004 61 09870640 018a07d0 01140190'.replaceAll(' ', ''))!
  const { events, telephone } = receiver()
  const count = new RedDepacketizer().receive(
    payload,
    0,
    payload.length,
    11_200,
    (type, timestamp, bytes, start, end) => {
      t.equal(type, 97)
      t.ok(telephone.receive(bytes, start, end, timestamp))
    },
  )
  t.equal(count, 3)
  t.same(
    events.map(({ event, change, timestamp, duration, volume }) => [event, change, timestamp, duration, volume]),
    [
      [9, 'begins', 0, 1600, 7],
      [9, 'ends', 0, 1600, 7],
      [1, 'begins', 6400, 2000, 10],
      [1, 'ends', 6400, 2000, 10],
      [1, 'begins', 11_200, 400, 20],
    ],
  )
  t.end()
})

t.test('reports late, twice and not at all: each event begins once and ends once', t => {
  // The second event loses all reports but one, and its end.
  const { events, telephone } = receiver()
  const report = (event: number, end: boolean, duration: number, timestamp: number) =>
    telephone.receive(Uint8Array.of(event, end ? 0x8a : 10, duration >> 8, duration), 0, 4, timestamp)
  report(9, false, 400, 11_000)
  report(9, false, 800, 11_000)
  report(9, false, 400, 11_000)
  report(9, true, 1600, 11_000)
  report(9, true, 1600, 11_000)
  report(1, false, 400, 14_000)
  report(9, true, 1600, 11_000)
  report(1, true, 1200, 17_000)
  report(1, true, 1200, 17_000)
  t.same(
    events.map(({ event, change, timestamp, duration }) => [event, change, timestamp, duration]),
    [
      [9, 'begins', 11_000, 400],
      [9, 'continues', 11_000, 800],
      [9, 'ends', 11_000, 1600],
      [1, 'begins', 14_000, 400],
      [1, 'ends', 14_000, 400],
      [1, 'begins', 17_000, 1200],
      [1, 'ends', 17_000, 1200],
    ],
  )
  t.end()
})

t.test('one payload may tell of several short events (2.5.1.5)', t => {
  const { events, telephone } = receiver()
  telephone.receive(fromHex('058a0190 068a0190'.replaceAll(' ', ''))!, 0, 8, 1000)
  t.same(
    events.filter(({ change }) => change === 'begins').map(({ event, timestamp }) => [event, timestamp]),
    [
      [5, 1000],
      [6, 1400],
    ],
  )
  t.end()
})

t.test('what is cut off is refused, and what another implementation sent is taken', t => {
  const { events, telephone } = receiver()
  for (const length of [0, 1, 2, 3, 5, 7]) {
    t.equal(telephone.receive(new Uint8Array(8), 0, length, 1), false)
    t.equal(payloadFormat('TELEPHONE-EVENT')!.durationOf?.(new Uint8Array(8), 0, length), -1)
  }
  t.same(events, [])
  const packet = fixtureBytes('rtp-rtcp-sctp-aiortc/rtp_dtmf.bin')
  t.ok(telephone.receive(packet, 12, packet.length, 1))
  t.match(events, [{ event: 1, change: 'begins' }])
  t.end()
})
