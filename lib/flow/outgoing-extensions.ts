/**
 * The header extensions of what a sender sends (RFC 8285): its m-section until the peer is seen to know the stream (RFC 9143,
 * 15), the time it is sent, its number on the transport, and what the packet brings along.
 */

import { utf8 } from '../bytes/index.ts'
import { ExtensionWriter, type NegotiatedExtension, RtpPacket } from '../rtp/index.ts'

const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid'
const SEND_TIME_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
const TRANSPORT_NUMBER_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

/** Seconds in units of 2^-18, modulo 64 seconds (abs-send-time). */
const sendTime = (now: number): number => Math.floor((now / 1000) * 0x4_0000) & 0xff_ffff

export class OutgoingExtensions {
  readonly writer = new ExtensionWriter()
  #mid: Uint8Array = new Uint8Array(0)
  #midId = 0
  #sendTimeId = 0
  #transportNumberId = 0
  #ids: ReadonlyMap<string, number> = new Map()
  readonly #view = new RtpPacket()

  configure(mid: string, extensions: readonly NegotiatedExtension[], mixed: boolean): void {
    this.writer.mixed = mixed
    this.#mid = utf8(mid)
    this.#ids = new Map(extensions.map(({ uri, id }) => [uri, id]))
    this.#midId = this.#ids.get(MID_URI) ?? 0
    this.#sendTimeId = this.#ids.get(SEND_TIME_URI) ?? 0
    this.#transportNumberId = this.#ids.get(TRANSPORT_NUMBER_URI) ?? 0
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
    if (this.#sendTimeId !== 0) {
      const at = writer.reserve(this.#sendTimeId, 3)
      if (at >= 0) setU24(writer.bytes, at, sendTime(now))
    }
    if (this.#transportNumberId !== 0) {
      const at = writer.reserve(this.#transportNumberId, 2)
      if (at >= 0) {
        writer.bytes[at] = transportNumber >> 8
        writer.bytes[at + 1] = transportNumber & 0xff
      }
    }
    return writer
  }

  /** Adds what a packet brings along; what was not agreed on, or is a sender's own, is left out. */
  pass(extensions: readonly { readonly uri: string; readonly bytes: Uint8Array }[]): void {
    for (const { uri, bytes } of extensions) {
      const id = this.#ids.get(uri) ?? 0
      if (id !== 0 && id !== this.#midId && id !== this.#sendTimeId && id !== this.#transportNumberId) {
        this.writer.put(id, bytes)
      }
    }
  }

  /** Brings a packet that is sent again up to date, in place. */
  renew(packet: Uint8Array, transportNumber: number, now: number): void {
    const view = this.#view
    if (!view.parse(packet)) return
    if (
      this.#sendTimeId !== 0 &&
      view.findExtension(this.#sendTimeId) &&
      view.extensionEnd - view.extensionStart === 3
    ) {
      setU24(packet, view.extensionStart, sendTime(now))
    }
    if (this.#transportNumberId !== 0 && view.findExtension(this.#transportNumberId)) {
      packet[view.extensionStart] = transportNumber >> 8
      packet[view.extensionStart + 1] = transportNumber & 0xff
    }
  }
}

const setU24 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >> 16
  bytes[at + 1] = value >> 8
  bytes[at + 2] = value
}
