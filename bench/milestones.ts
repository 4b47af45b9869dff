/**
 * Where a connection is, told by its datagrams: what of each protocol went out first, and when (RFC 7983 tells them apart).
 *
 * DTLS 1.2 says in the clear what a record holds. DTLS 1.3 says only the epoch, by its two lowest bits (RFC 9147, 4):
 * the handshake's is 2, and 3 is that of the data and of what may come before them, an ACK or a ticket.
 */

const BINDING_REQUEST = 0x0001
const USE_CANDIDATE = 0x0025
const HANDSHAKE = 22
const APPLICATION_DATA = 23
const CLIENT_HELLO = 1
/** Bytes before the attributes of STUN, and before the body of a record in the clear or of DTLS 1.2. */
const STUN_HEADER = 20
const RECORD_HEADER = 13
/** First bytes of a packet that is DTLS's (RFC 9443, 2), and of those the first of the unified header of 1.3. */
const FIRST_OF_DTLS = 20
const LAST_OF_DTLS = 63
const FIRST_UNIFIED = 32
/** In the first byte of the unified header: a sequence number of two bytes rather than one, a length, the epoch. */
const LONG_SEQUENCE = 0x08
const WITH_LENGTH = 0x04
const EPOCH = 0x03
const DATA_EPOCH = 3
/** What protection adds to content in DTLS 1.3: the type and the tag of every suite that WebRTC's stacks have. */
const TYPE_AND_TAG = 17

/** Whether a STUN message has an attribute of this type. */
function hasAttribute(view: DataView, type: number): boolean {
  for (let at = STUN_HEADER; at + 4 <= view.byteLength; at += 4 + ((view.getUint16(at + 2) + 3) & ~3)) {
    if (view.getUint16(at) === type) return true
  }
  return false
}

/**
 * Whether a datagram of DTLS has a record of application data in it, which is always SCTP's. Of a record of 1.3 in the
 * data's epoch the length tells: SCTP's packets are whole words (RFC 9260, 3), an ACK is two bytes longer than such.
 */
function hasData(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; ) {
    const first = view.getUint8(at)
    if (first < FIRST_UNIFIED) {
      if (first === APPLICATION_DATA) return true
      if (at + RECORD_HEADER > view.byteLength) return false
      at += RECORD_HEADER + view.getUint16(at + 11)
      continue
    }
    const length = at + ((first & LONG_SEQUENCE) !== 0 ? 3 : 2)
    const explicit = (first & WITH_LENGTH) !== 0
    const content = explicit ? length + 2 : length
    if (content > view.byteLength) return false
    const end = explicit ? content + view.getUint16(length) : view.byteLength
    if ((first & EPOCH) === DATA_EPOCH && (end - content - TYPE_AND_TAG) % 4 === 0) return true
    at = end
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
    } else if (first >= FIRST_OF_DTLS && first <= LAST_OF_DTLS) {
      // In the clear in both versions; of several fragments the first to go out counts.
      if (Number.isNaN(this.#clientHello) && first === HANDSHAKE && bytes[RECORD_HEADER] === CLIENT_HELLO) {
        this.#clientHello = now
      }
      if (Number.isNaN(this.#data) && hasData(view)) this.#data = now
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
