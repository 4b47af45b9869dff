/**
 * What a receiver tells of every packet of a transport (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1): which
 * came, and when, by chunks of statuses and deltas of 250 microseconds.
 */

import { add16, type Reader, type Writer } from '../../bytes/index.ts'

/** Of one packet: the time since the one before it that came, in units of 250 microseconds; undefined where it did not come. */
export type Arrival = number | undefined

export interface TransportFeedback {
  /** The transport-wide number of the first packet. */
  readonly baseSequenceNumber: number
  /** When the first delta begins: units of 64 milliseconds, 24 bits, signed. */
  readonly referenceTime: number
  /** Of this report, modulo 256. */
  readonly feedbackCount: number
  /** Of the packets from the first on; the first delta is from the reference time. */
  readonly arrivals: readonly Arrival[]
}

/** Milliseconds. */
export const REFERENCE_UNIT = 64
export const DELTA_UNIT = 0.25
/** Statuses (3.1.1). */
const Status = { notReceived: 0, smallDelta: 1, largeDelta: 2 } as const
/** Runs have 13 bits; vectors 14 statuses of one bit or 7 of two (3.1.3, 3.1.4). */
const LONGEST_RUN = 0x1fff
/** A delta has 16 bits, signed. */
export const LARGEST_DELTA = 0x7fff
/** What the reports of one datagram may say at most, so that runs of lost packets do not make a few bytes many. */
export const MOST_FEEDBACK_PACKETS = 16_384
/** Deltas in a unit of the reference time. */
export const TICKS_OF_REFERENCE = 256

/** The transport-wide number of the packet at `index`. */
export const sequenceNumberAt = (feedback: TransportFeedback, index: number): number =>
  add16(feedback.baseSequenceNumber, index)

/**
 * Reads what is behind the SSRCs; undefined where it says more than it has, has a status that is none, or tells of more
 * packets than `most`.
 */
export const readTransportFeedback = (reader: Reader, most = MOST_FEEDBACK_PACKETS): TransportFeedback | undefined => {
  const baseSequenceNumber = reader.u16()
  const count = reader.u16()
  const referenceTime = (reader.u24() << 8) >> 8
  const feedbackCount = reader.u8()
  if (reader.failed || count > most) return undefined
  const statuses: number[] = []
  while (statuses.length < count) {
    const chunk = reader.u16()
    if (reader.failed) return undefined
    // A run of none would never come to an end.
    if (chunk < 0x8000 && (chunk & LONGEST_RUN) === 0) return undefined
    readChunk(chunk, statuses, count)
  }
  const arrivals: Arrival[] = []
  for (const status of statuses) {
    if (status === Status.smallDelta) arrivals.push(reader.u8())
    else if (status === Status.largeDelta) arrivals.push((reader.u16() << 16) >> 16)
    else if (status === Status.notReceived) arrivals.push(undefined)
    else return undefined
  }
  return reader.failed ? undefined : { baseSequenceNumber, referenceTime, feedbackCount, arrivals }
}

const readChunk = (chunk: number, statuses: number[], count: number): void => {
  if ((chunk & 0x8000) === 0) {
    const status = (chunk >> 13) & 3
    for (let run = chunk & LONGEST_RUN; run > 0 && statuses.length < count; run--) statuses.push(status)
  } else if ((chunk & 0x4000) === 0) {
    for (let bit = 13; bit >= 0 && statuses.length < count; bit--) statuses.push((chunk >> bit) & 1)
  } else {
    for (let bit = 12; bit >= 0 && statuses.length < count; bit -= 2) statuses.push((chunk >> bit) & 3)
  }
}

const statusOf = (arrival: Arrival): number =>
  arrival === undefined ? Status.notReceived : arrival >= 0 && arrival <= 255 ? Status.smallDelta : Status.largeDelta

/** Writes what is behind the SSRCs, without the padding to 32 bits. */
export const writeTransportFeedback = (writer: Writer, feedback: TransportFeedback): void => {
  const { baseSequenceNumber, referenceTime, feedbackCount, arrivals } = feedback
  writer
    .u16(baseSequenceNumber)
    .u16(arrivals.length)
    .u24(referenceTime & 0xff_ffff)
    .u8(feedbackCount)
  const statuses = arrivals.map(statusOf)
  for (let at = 0; at < statuses.length; ) at += writeChunk(writer, statuses, at)
  for (const arrival of arrivals) {
    if (arrival === undefined) continue
    if (statusOf(arrival) === Status.smallDelta) writer.u8(arrival)
    else writer.u16(arrival & 0xffff)
  }
}

/** Writes the chunk that says most from `at` on; how many statuses it has. */
const writeChunk = (writer: Writer, statuses: readonly number[], at: number): number => {
  const status = statuses[at]!
  let run = 1
  while (at + run < statuses.length && run < LONGEST_RUN && statuses[at + run] === status) run++
  const left = statuses.length - at
  if (run >= 14 || run === left || (run >= 7 && status === Status.largeDelta)) {
    writer.u16((status << 13) | run)
    return run
  }
  const oneBit = statuses.slice(at, at + 14)
  if (oneBit.every(each => each < Status.largeDelta)) {
    let chunk = 0x8000
    oneBit.forEach((each, index) => {
      chunk |= each << (13 - index)
    })
    writer.u16(chunk)
    return oneBit.length
  }
  const twoBits = statuses.slice(at, at + 7)
  let chunk = 0xc000
  twoBits.forEach((each, index) => {
    chunk |= each << (12 - 2 * index)
  })
  writer.u16(chunk)
  return twoBits.length
}
