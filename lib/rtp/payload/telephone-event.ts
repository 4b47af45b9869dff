/**
 * Telephone events (RFC 4733, 2): tones as names. One event is many payloads with one timestamp, that of its beginning, and growing
 * durations; its last payload is sent three times (2.5.1.4). What lasts longer than 0xFFFF ticks is told in segments that follow
 * each other without a gap (2.5.1.3).
 */

import { after32, diff32 } from '../../bytes/index.ts'
import { wholeAudioFormat } from './whole-audio.ts'

const REPORT_LENGTH = 4
const END = 0x80
const LONGEST_SEGMENT = 0xffff

/** How many times the last payload of an event, and of a segment, is sent. */
export const FINAL_REPORTS = 3

/** The events of DTMF, in the order of their codes (3.2). */
export const DTMF_TONES = '0123456789*#ABCD'

/** The code of a DTMF tone, whatever its case; -1 for what is none. */
export const toneEvent = (tone: string): number => (tone.length === 1 ? DTMF_TONES.indexOf(tone.toUpperCase()) : -1)

/** Takes a payload of one event. It is borrowed. `timestampOffset` is to be added to the timestamp at which the event began. */
export type TelephoneEventSink = (payload: Uint8Array, timestampOffset: number, marker: boolean) => void

/** Tells one event. Durations are ticks of the RTP clock. */
export class TelephoneEventSender {
  readonly #payload = new Uint8Array(REPORT_LENGTH)
  readonly #sink: TelephoneEventSink
  #segment = 0
  #isFirst = true

  /**
   * @param volume Of a tone in -dBm0, 0 to 63.
   * @throws RangeError where event or volume are not what their fields hold.
   */
  constructor(event: number, volume: number, sink: TelephoneEventSink) {
    if (!Number.isInteger(event) || event < 0 || event > 255) throw new RangeError(`an event is 0 to 255, not ${event}`)
    if (!Number.isInteger(volume) || volume < 0 || volume > 63)
      throw new RangeError(`a volume is 0 to 63, not ${volume}`)
    this.#payload[0] = event
    this.#payload[1] = volume
    this.#sink = sink
  }

  /** Tells that the event has lasted so long and goes on: called at even intervals, of 50 ms as RFC 4733 2.5.1.2 has it. */
  update(elapsed: number): void {
    this.#endSegments(elapsed)
    this.#send(elapsed - this.#segment)
  }

  /** Tells that the event lasted so long and is over: called `FINAL_REPORTS` times with one duration, at the same intervals. */
  finish(elapsed: number): void {
    this.#endSegments(elapsed)
    this.#payload[1]! |= END
    this.#send(elapsed - this.#segment)
  }

  #endSegments(elapsed: number): void {
    while (elapsed - this.#segment > LONGEST_SEGMENT) {
      for (let i = 0; i < FINAL_REPORTS; i++) this.#send(LONGEST_SEGMENT)
      this.#segment += LONGEST_SEGMENT
    }
  }

  #send(duration: number): void {
    this.#payload[2] = duration >> 8
    this.#payload[3] = duration
    const marker = this.#isFirst
    this.#isFirst = false
    this.#sink(this.#payload, this.#segment, marker)
  }
}

/** What a receiver makes of a report: what the sink of `TelephoneEventReceiver` gets. Reused from one to the next. */
export interface ReceivedTelephoneEvent {
  readonly event: number
  /** -dBm0. */
  readonly volume: number
  /** RTP timestamp at which the event began. */
  readonly timestamp: number
  /** Ticks from there, over all segments. */
  readonly duration: number
  readonly change: 'begins' | 'continues' | 'ends'
}

/**
 * Makes events of payloads that come late, twice, or not at all: each begins once and ends once, the end of an event whose
 * last payloads were lost is told when the next one begins.
 */
export class TelephoneEventReceiver {
  readonly #sink: (event: ReceivedTelephoneEvent) => void
  readonly #event = {
    event: -1,
    volume: 0,
    timestamp: 0,
    duration: 0,
    change: 'ends' as ReceivedTelephoneEvent['change'],
  }
  /** Timestamp of the segment, and the ticks before it. */
  #segment = 0
  #before = 0

  constructor(sink: (event: ReceivedTelephoneEvent) => void) {
    this.#sink = sink
  }

  /** Reads a payload: one report, or those of short events that followed each other (2.5.1.5). False for what is none. */
  receive(bytes: Uint8Array, start: number, end: number, timestamp: number): boolean {
    if (!isReports(start, end)) return false
    for (let at = start; at < end; at += REPORT_LENGTH) {
      const duration = (bytes[at + 2]! << 8) | bytes[at + 3]!
      this.#report(bytes[at]!, bytes[at + 1]!, duration, timestamp)
      timestamp = (timestamp + duration) >>> 0
    }
    return true
  }

  #report(code: number, flags: number, duration: number, timestamp: number): void {
    const event = this.#event
    const isActive = event.change !== 'ends'
    if (event.event >= 0 && timestamp !== this.#segment && !after32(timestamp, this.#segment)) return
    if (code === event.event && timestamp === this.#segment) {
      if (!isActive || this.#before + duration < event.duration) return
      this.#tell(flags, this.#before + duration)
    } else if (isActive && code === event.event && diff32(timestamp, this.#segment) === LONGEST_SEGMENT) {
      this.#segment = timestamp
      this.#before += LONGEST_SEGMENT
      this.#tell(flags, this.#before + duration)
    } else {
      if (isActive) this.#change('ends')
      event.event = code
      event.timestamp = this.#segment = timestamp
      event.volume = flags & 0x3f
      event.duration = duration
      this.#before = 0
      this.#change('begins')
      if ((flags & END) !== 0) this.#change('ends')
    }
  }

  #tell(flags: number, duration: number): void {
    this.#event.duration = duration
    this.#event.volume = flags & 0x3f
    this.#change((flags & END) !== 0 ? 'ends' : 'continues')
  }

  #change(change: ReceivedTelephoneEvent['change']): void {
    this.#event.change = change
    this.#sink(this.#event)
  }
}

const isReports = (start: number, end: number): boolean => end > start && (end - start) % REPORT_LENGTH === 0

/** As payloads alone: they have no duration of their own, since they tell of a time that goes on. */
export const TELEPHONE_EVENT = wholeAudioFormat('TELEPHONE-EVENT', (_bytes, start, end) =>
  isReports(start, end) ? 0 : -1,
)
