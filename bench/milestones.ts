/** Where a connection is, told by its datagrams: what of each protocol went out first, and when (RFC 7983 tells them apart). */

const BINDING_REQUEST = 0x0001
const USE_CANDIDATE = 0x0025
const HANDSHAKE = 22
const APPLICATION_DATA = 23
const CLIENT_HELLO = 1
/** Bytes before the attributes of STUN, and before the body of a record of DTLS 1.2. */
const STUN_HEADER = 20
const RECORD_HEADER = 13

/** Whether a STUN message has an attribute of this type. */
function hasAttribute(view: DataView, type: number): boolean {
  for (let at = STUN_HEADER; at + 4 <= view.byteLength; at += 4 + ((view.getUint16(at + 2) + 3) & ~3)) {
    if (view.getUint16(at) === type) return true
  }
  return false
}

/** Milliseconds, from the beginning to the end of each stage, and of all. */
export interface Stages {
  readonly total: number
  /** Until the first check of ICE goes out. */
  readonly start: number
  /** From there until the first ClientHello. */
  readonly ice: number
  /** From there until the first record of application data, which is SCTP's INIT. */
  readonly dtls: number
  /** From there until the channel is open on both sides. */
  readonly sctp: number
  /** From the first check until the first with USE-CANDIDATE; data may flow before that. */
  readonly nomination: number
}

export class Milestones {
  #check = Number.NaN
  #nomination = Number.NaN
  #clientHello = Number.NaN
  #data = Number.NaN

  observe(bytes: Uint8Array, now: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const [first = 0] = bytes
    if (first < 4 && bytes.length >= STUN_HEADER) {
      if (view.getUint16(0) !== BINDING_REQUEST) return
      if (Number.isNaN(this.#check)) this.#check = now
      if (Number.isNaN(this.#nomination) && hasAttribute(view, USE_CANDIDATE)) this.#nomination = now
    } else if (first === HANDSHAKE && bytes[RECORD_HEADER] === CLIENT_HELLO) {
      if (Number.isNaN(this.#clientHello)) this.#clientHello = now
    } else if (first === APPLICATION_DATA) {
      if (Number.isNaN(this.#data)) this.#data = now
    }
  }

  /** NaN for what was not seen. */
  stages(began: number, open: number): Stages {
    return {
      total: open - began,
      start: this.#check - began,
      ice: this.#clientHello - this.#check,
      dtls: this.#data - this.#clientHello,
      sctp: open - this.#data,
      nomination: this.#nomination - this.#check,
    }
  }
}
