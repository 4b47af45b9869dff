/**
 * DTMF tones on their way (webrtc-pc, 7.2): the buffer, and the steps that play one tone after the other. A telephone event is
 * sent for each (RFC 4733), and audio waits meanwhile.
 */

import type { Transceiver } from '../jsep/index.ts'
import type { Cancellable } from '../machine/index.ts'
import { toneEvent } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'
import { createDtmfSender, type RTCDTMFSender, RTCDTMFToneChangeEvent } from './dtmf-sender.ts'
import { isSending } from './media-direction.ts'
import type { MediaOwner } from './media-owner.ts'
import type { SentTrack } from './sent-track.ts'

/** Milliseconds that a comma stands for. */
const PAUSE = 2000
/** Milliseconds of a tone, and of the silence behind it. */
const DURATION = { least: 40, most: 6000 }
const GAP = { least: 30, most: 6000 }

const within = (value: number, { least, most }: { readonly least: number; readonly most: number }): number =>
  Math.min(most, Math.max(least, value))

export class DtmfSlots {
  readonly face: RTCDTMFSender
  /** Tones that have not begun. */
  toneBuffer = ''
  readonly #transceiver: Transceiver
  readonly #link: MediaLink
  readonly #sent: SentTrack
  readonly #owner: MediaOwner
  #duration = 0
  #gap = 0
  /** A task to go on is queued, or waits for its time. */
  #scheduled = false
  #timer: Cancellable | undefined

  constructor(transceiver: Transceiver, link: MediaLink, sent: SentTrack, owner: MediaOwner) {
    this.#transceiver = transceiver
    this.#link = link
    this.#sent = sent
    this.#owner = owner
    this.face = createDtmfSender(this)
  }

  /** "Determine if DTMF can be sent". */
  get canInsert(): boolean {
    const { currentDirection, stopping } = this.#transceiver
    const { sender, active } = this.#link
    if (!this.#owner.connected || stopping || this.#sent.track === null || !active) return false
    return isSending(currentDirection) && sender?.canPlayTones === true
  }

  /** Puts these tones in the place of those that wait; the one that sounds goes on to its end. */
  insert(tones: string, duration: number, interToneGap: number): void {
    this.toneBuffer = tones
    this.#duration = within(duration, DURATION)
    this.#gap = within(interToneGap, GAP)
    if (tones === '' || this.#scheduled) return
    this.#scheduled = true
    this.#owner.queueTask(this.#play)
  }

  /** Nothing more is played, nor told. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#scheduled = false
  }

  /** The DTMF playout task steps. */
  readonly #play = (): void => {
    this.#timer = undefined
    this.#scheduled = false
    if (this.#owner.closed || !this.canInsert) return
    const tone = this.toneBuffer.slice(0, 1)
    if (tone !== '') {
      this.toneBuffer = this.toneBuffer.slice(1)
      this.#scheduled = true
      const now = this.#owner.now()
      const wait = tone === ',' ? PAUSE : this.#duration + this.#gap
      if (tone !== ',') this.#link.sender?.playTone(toneEvent(tone), this.#duration, now)
      this.#timer = this.#owner.schedule(now + wait, this.#play)
      this.#owner.touch()
    }
    this.face.dispatchEvent(new RTCDTMFToneChangeEvent('tonechange', { tone }))
  }
}
