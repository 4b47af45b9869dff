/** RTCDTMFSender and RTCDTMFToneChangeEvent (webrtc-pc, 7): the tones of a telephone's keys in a stream of audio. */

import {
  DOMString,
  defaulted,
  defineInterface,
  dictionary,
  type EventHandler,
  EventInitDictionary,
  type EventInitMembers,
  exception,
  getEventHandler,
  illegalConstructor,
  requireArguments,
  setEventHandler,
  TypedEventTarget,
  unsignedLong,
} from '../idl/index.ts'

export interface RTCDTMFToneChangeEventInit extends EventInitMembers {
  tone?: string
}

const RTCDTMFToneChangeEventInitDictionary = dictionary(
  'RTCDTMFToneChangeEventInit',
  { tone: defaulted(DOMString, () => '') },
  EventInitDictionary,
)

export class RTCDTMFToneChangeEvent extends Event {
  readonly #tone: string

  constructor(...args: [type: string, eventInitDict?: RTCDTMFToneChangeEventInit]) {
    const context = "Failed to construct 'RTCDTMFToneChangeEvent'"
    requireArguments(context, 1, args.length)
    const init = RTCDTMFToneChangeEventInitDictionary(args[1], context)
    super(DOMString(args[0], context), init)
    this.#tone = init.tone
  }

  /** The tone that begins (a comma: a pause); empty when the last one is over. */
  get tone(): string {
    return this.#tone
  }

  static {
    defineInterface(RTCDTMFToneChangeEvent, 'RTCDTMFToneChangeEvent', { constructor: 1 })
  }
}

export interface RTCDTMFSenderEventMap {
  tonechange: RTCDTMFToneChangeEvent
}

/** What an RTCDTMFSender asks of its sender. */
export interface DtmfSenderSlots {
  readonly toneBuffer: string
  readonly canInsert: boolean
  insert(tones: string, duration: number, interToneGap: number): void
}

const known = new WeakSet<object>()

/** For senders alone. */
export const createDtmfSender = (slots: DtmfSenderSlots): RTCDTMFSender => {
  known.add(slots)
  return new RTCDTMFSender(slots)
}

const DURATION = 100
const GAP = 70

export class RTCDTMFSender extends TypedEventTarget<RTCDTMFSenderEventMap> {
  readonly #slots: DtmfSenderSlots

  /** Not for applications: see `RTCRtpSender.dtmf`. */
  constructor(slots: DtmfSenderSlots) {
    super()
    this.#slots = typeof slots === 'object' && known.has(slots) ? slots : illegalConstructor()
  }

  /** Whether tones can be sent now: the connection is connected, audio is sent, and the peer takes telephone events. */
  get canInsertDTMF(): boolean {
    return this.#slots.canInsert
  }

  /** The tones that have not begun. */
  get toneBuffer(): string {
    return this.#slots.toneBuffer
  }

  /**
   * Plays tones, in the place of those that wait.
   * @param tones Of `0`..`9`, `A`..`D`, `#`, `*`; a comma is a pause of two seconds.
   * @param duration Milliseconds of each: 40 to 6000, what lies outside is brought in. 100 by default.
   * @param interToneGap Milliseconds between two: 30 to 6000. 70 by default.
   * @throws `InvalidStateError` unless `canInsertDTMF`, `InvalidCharacterError` for other tones.
   */
  insertDTMF(...args: [tones: string, duration?: number, interToneGap?: number]): void {
    const context = "Failed to execute 'insertDTMF' on 'RTCDTMFSender'"
    requireArguments(context, 1, args.length)
    const tones = DOMString(args[0], context)
    const duration = args[1] === undefined ? DURATION : unsignedLong(args[1], context)
    const interToneGap = args[2] === undefined ? GAP : unsignedLong(args[2], context)
    if (!this.#slots.canInsert) throw exception('InvalidStateError', `${context}: No tones can be sent at present.`)
    if (!/^[0-9A-D#*,]*$/i.test(tones)) {
      throw new DOMException(`${context}: '${tones.slice(0, 100)}' has other tones.`, 'InvalidCharacterError')
    }
    this.#slots.insert(tones.toUpperCase(), duration, interToneGap)
  }

  get ontonechange(): EventHandler<Event> {
    return getEventHandler(this, RTCDTMFSender, 'tonechange')
  }

  set ontonechange(handler: EventHandler<RTCDTMFToneChangeEvent>) {
    setEventHandler(this, RTCDTMFSender, 'tonechange', handler)
  }

  static {
    defineInterface(RTCDTMFSender, 'RTCDTMFSender', { insertDTMF: 1 })
  }
}
