/**
 * The header extensions of what a sender sends (RFC 8285): its m-section until the peer is seen to know the stream (RFC 9143,
 * 15), the time it is sent, its number on the transport, and what the packet brings along.
 */

import { utf8 } from '../bytes/index.ts'
import {
  AUDIO_LEVEL_URI,
  ExtensionWriter,
  MID_URI,
  type NegotiatedExtension,
  putAudioLevel,
  putSendTime,
  putTransportSequenceNumber,
  type RtpPacket,
  SEND_TIME_URI,
  sendTimeOf,
  TRANSPORT_SEQUENCE_NUMBER_URI,
  VIDEO_ORIENTATION_URI,
} from '../rtp/index.ts'

/** RFC 8285, 4.2: 15 is reserved. */
const LAST_ONE_BYTE_ID = 14

export class OutgoingExtensions {
  readonly writer = new ExtensionWriter()
  #mid: Uint8Array = new Uint8Array(0)
  #midId = 0
  #sendTimeId = 0
  #transportNumberId = 0
  #audioLevelId = 0
  #orientationId = 0
  #ids: ReadonlyMap<string, number> = new Map()
  /** Those of them that packets bring along. */
  #passed: ReadonlyMap<string, number> = new Map()

  configure(mid: string, extensions: readonly NegotiatedExtension[], mixed: boolean): void {
    this.writer.mixed = mixed
    // Where forms may not be mixed, an id that one-byte elements have no room for says which form it is (RFC 8285, 4.1.2).
    this.writer.twoByte = !mixed && extensions.some(({ id }) => id > LAST_ONE_BYTE_ID)
    this.#mid = utf8(mid)
    this.#ids = new Map(extensions.map(({ uri, id }) => [uri, id]))
    this.#midId = this.#ids.get(MID_URI) ?? 0
    this.#sendTimeId = this.#ids.get(SEND_TIME_URI) ?? 0
    this.#transportNumberId = this.#ids.get(TRANSPORT_SEQUENCE_NUMBER_URI) ?? 0
    this.#audioLevelId = this.#ids.get(AUDIO_LEVEL_URI) ?? 0
    this.#orientationId = this.#ids.get(VIDEO_ORIENTATION_URI) ?? 0
    this.#passed = new Map([...this.#ids].filter(([, id]) => !this.#isOwn(id)))
  }

  /** Whether anything that packets bring along was agreed on. */
  get passesAny(): boolean {
    return this.#passed.size > 0
  }

  get numbersTransport(): boolean {
    return this.#transportNumberId !== 0
  }

  idOf(uri: string): number {
    return this.#ids.get(uri) ?? 0
  }

  /** Begins with what a sender writes itself. */
  begin(showMid: boolean, transportNumber: number, now: number): ExtensionWriter {
    const { writer } = this
    writer.reset()
    if (showMid && this.#midId !== 0) writer.put(this.#midId, this.#mid)
    if (this.#sendTimeId !== 0) putSendTime(writer, this.#sendTimeId, sendTimeOf(now))
    if (this.#transportNumberId !== 0) putTransportSequenceNumber(writer, this.#transportNumberId, transportNumber)
    return writer
  }

  /** Adds what a packet brings along; what was not agreed on, or is a sender's own, is left out. */
  pass(extensions: readonly { readonly uri: string; readonly bytes: Uint8Array }[]): void {
    for (const { uri, bytes } of extensions) {
      const id = this.#passed.get(uri)
      if (id !== undefined) this.writer.put(id, bytes)
    }
  }

  /** What the packet of a retransmission has: what the original had, and what a sender writes itself anew. */
  again(original: RtpPacket, showMid: boolean, transportNumber: number, now: number): ExtensionWriter {
    const writer = this.begin(showMid, transportNumber, now)
    original.forEachExtension((id, start, end) => {
      if (!this.#isOwn(id)) writer.put(id, original.bytes, start, end)
    })
    return writer
  }

  #isOwn(id: number): boolean {
    return id === this.#midId || id === this.#sendTimeId || id === this.#transportNumberId
  }

  /** Adds what a frame says: its level and whether it is speech (RFC 6464). */
  putAudioLevel(level: number, voice: boolean): void {
    if (this.#audioLevelId !== 0) putAudioLevel(this.writer, this.#audioLevelId, level, voice)
  }

  /** Adds how a viewer is to turn the picture (3GPP TS 26.114, 7.4.5): degrees. */
  putRotation(rotation: number): void {
    const at = this.#orientationId === 0 ? -1 : this.writer.reserve(this.#orientationId, 1)
    if (at >= 0) this.writer.bytes[at] = Math.round(rotation / 90) & 3
  }
}
