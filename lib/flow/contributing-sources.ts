/**
 * Who is heard in a stream (webrtc-pc, 5.3: getContributingSources and getSynchronizationSources): the sources of its
 * packets of the last ten seconds, with the audio levels that they carry (RFC 6464 of the stream, RFC 6465 of who is mixed in).
 */

import type { RtpPacket } from '../rtp/index.ts'

/** Milliseconds. */
const WINDOW = 10_000
/** A packet names up to fifteen contributing sources; they change as speakers do. */
const MOST_SOURCES = 64

export interface HeardSource {
  readonly source: number
  /** Monotonic milliseconds. */
  at: number
  rtpTimestamp: number
  /** -dBov, 0 to 127; -1 where no packet said it. */
  audioLevel: number
  voiceActivity: boolean
}

export class ContributingSources {
  readonly #synchronization = new Map<number, HeardSource>()
  readonly #contributing = new Map<number, HeardSource>()

  /**
   * @param level Of the packet: -dBov, with 128 added where it is speech; -1 where it is not said.
   * @param mixedLevelId The id of the extension with the levels of contributing sources; 0 where it was not agreed on.
   */
  heard(packet: RtpPacket, level: number, mixedLevelId: number, now: number): void {
    const { ssrc, timestamp, csrcCount, bytes } = packet
    mark(this.#synchronization, ssrc, timestamp, level < 0 ? -1 : level & 0x7f, level >= 0x80, now)
    if (csrcCount === 0) return
    const tellsLevels = mixedLevelId !== 0 && packet.findExtension(mixedLevelId)
    const { extensionStart, extensionEnd } = packet
    for (let index = 0; index < csrcCount; index++) {
      const isTold = tellsLevels && extensionStart + index < extensionEnd
      mark(
        this.#contributing,
        packet.csrc(index),
        timestamp,
        isTold ? bytes[extensionStart + index]! & 0x7f : -1,
        false,
        now,
      )
    }
  }

  /** The latest first. */
  synchronization(now: number): readonly HeardSource[] {
    return recent(this.#synchronization, now)
  }

  contributing(now: number): readonly HeardSource[] {
    return recent(this.#contributing, now)
  }
}

const mark = (
  sources: Map<number, HeardSource>,
  source: number,
  rtpTimestamp: number,
  audioLevel: number,
  voiceActivity: boolean,
  at: number,
): void => {
  const known = sources.get(source)
  if (known !== undefined) {
    known.at = at
    known.rtpTimestamp = rtpTimestamp
    known.audioLevel = audioLevel
    known.voiceActivity = voiceActivity
    return
  }
  if (sources.size >= MOST_SOURCES) {
    let oldest: HeardSource | undefined
    for (const each of sources.values()) if (oldest === undefined || each.at < oldest.at) oldest = each
    if (oldest !== undefined) sources.delete(oldest.source)
  }
  sources.set(source, { source, rtpTimestamp, audioLevel, voiceActivity, at })
}

const recent = (sources: ReadonlyMap<number, HeardSource>, now: number): HeardSource[] =>
  [...sources.values()].filter(({ at }) => now - at <= WINDOW).sort((a, b) => b.at - a.at)
