/**
 * What comes from the peer: which packets are believed (RFC 9260 6.8, 8.5), and what each chunk does in each state
 * (5 to 9).
 */

import { getU16, getU32 } from '../bytes/index.ts'
import type { TraceSink } from '../machine/index.ts'
import { CAUSE, CHUNK, CHUNK_HEADER, reportsUnknown, skipsUnknown, TAG_REFLECTED } from './chunk-type.ts'
import { COMMON_HEADER, verifyChecksum, withoutChecksum } from './common-header.ts'
import type { ControlBlock } from './control-block.ts'
import { dataHeader } from './data-chunk.ts'
import { hasCause, invalidStream, noUserData, readCause, SctpError, writeCause, writeTextCause } from './error-cause.ts'
import { readInit } from './init-chunk.ts'
import { answerOutOfTheBlue } from './out-of-the-blue.ts'
import { readReconfig } from './reconfig-chunk.ts'
import { SackView } from './sack-chunk.ts'

const NOTHING = new Uint8Array(0)
/** Where the value of a packet's first chunk begins. */
const FIRST_CHUNK = COMMON_HEADER + CHUNK_HEADER

export class Inbound {
  readonly #block: ControlBlock
  readonly #trace: TraceSink | undefined
  readonly #sack = new SackView()
  /** An unknown chunk of this packet was reported: one report a packet. */
  #reported = false
  /** This packet has DATA that comes after our SHUTDOWN: SHUTDOWN answers it once more (9.2). */
  #late = false

  constructor(block: ControlBlock, trace: TraceSink | undefined) {
    this.#block = block
    this.#trace = trace
  }

  receive(packet: Uint8Array, now: number): void {
    const block = this.#block
    const { counters, packets } = block
    counters.packetsReceived++
    counters.bytesReceived += packet.length
    if (!this.#intact(packet)) {
      counters.badChecksum++
      return
    }
    if (this.#trace?.packet !== undefined) this.#trace.packet('sctp', 'in', packet, now)
    if (packet.length < FIRST_CHUNK) {
      counters.malformed++
      return
    }
    if (getU16(packet, 0) !== packets.remotePort || getU16(packet, 2) !== packets.localPort) {
      counters.badTag++
      return
    }
    if (!this.#admits(packet)) {
      counters.badTag++
      // An INIT that breaks the rules gets no answer; where nothing has begun or all has ended, the rest does (8.4).
      const none = block.establishment.state === 'idle' && packet[COMMON_HEADER] !== CHUNK.INIT
      // A peer that is established by signalling may be ahead of us.
      const early = none && getU32(packet, 4) === block.establishment.signalledTag
      if (block.ended || (none && !early) || this.#stranded(packet)) answerOutOfTheBlue(packet, packets, now)
      return
    }
    if (this.#stranded(packet)) {
      answerOutOfTheBlue(packet, packets, now)
      return
    }
    this.#reported = false
    this.#late = false
    let at = COMMON_HEADER
    while (at < packet.length && !block.ended) {
      const length = packet.length - at < CHUNK_HEADER ? 0 : getU16(packet, at + 2)
      const end = at + length
      if (length < CHUNK_HEADER || end > packet.length) {
        counters.malformed++
        break
      }
      if (!this.#chunk(packet, packet[at]!, packet[at + 1]!, at + CHUNK_HEADER, end, now)) break
      at = end + (-length & 3)
    }
    const { transfer } = block
    if (transfer === undefined) return
    if (this.#late && block.state === 'shutdown-sent') {
      transfer.receiver.tracker.acknowledgeNow()
      block.repeatShutdown(now)
    }
    transfer.packetDone(now)
    if (transfer.receiver.overflowing) {
      const error = new SctpError(
        'protocol-violation',
        'More data out of order than was allowed',
        CAUSE.OUT_OF_RESOURCE,
      )
      block.abort(writeCause(CAUSE.OUT_OF_RESOURCE), now, error)
    }
  }

  /**
   * Whether the checksum is right, or may be missing: it may not in a packet with INIT or COOKIE ECHO, which stand first,
   * nor in one that belongs to no association (RFC 9653 5.3).
   */
  #intact(packet: Uint8Array): boolean {
    const block = this.#block
    if (block.takesZeroChecksum && withoutChecksum(packet)) {
      const type = packet[COMMON_HEADER]
      if (type !== CHUNK.INIT && type !== CHUNK.COOKIE_ECHO && block.establishment.localTag !== 0) return true
    }
    return verifyChecksum(packet)
  }

  /** A peer that is still ending an association from before, and so does not answer our INIT, is let go (8.5.1, rule E). */
  #stranded(packet: Uint8Array): boolean {
    const { state } = this.#block
    return packet[COMMON_HEADER] === CHUNK.SHUTDOWN_ACK && (state === 'cookie-wait' || state === 'cookie-echoed')
  }

  /** The rules for verification tags (8.5, 8.5.1). */
  #admits(packet: Uint8Array): boolean {
    const block = this.#block
    const tag = getU32(packet, 4)
    const type = packet[COMMON_HEADER]
    if (block.ended) return false
    switch (type) {
      case CHUNK.INIT:
        // Rule A; and an INIT travels alone (4.3).
        return tag === 0 && COMMON_HEADER + ((getU16(packet, COMMON_HEADER + 2) + 3) & ~3) >= packet.length
      case CHUNK.COOKIE_ECHO:
        // Compared with the tag in the cookie.
        return tag !== 0
      case CHUNK.ABORT:
      case CHUNK.SHUTDOWN_COMPLETE:
        if ((packet[COMMON_HEADER + 1]! & TAG_REFLECTED) !== 0) return tag !== 0 && tag === block.packets.tag
    }
    return tag !== 0 && tag === block.establishment.localTag
  }

  /** Takes one chunk, whose value is `bytes[start, end)`. Returns whether to go on with the rest of the packet. */
  #chunk(bytes: Uint8Array, type: number, flags: number, start: number, end: number, now: number): boolean {
    const block = this.#block
    const { counters, packets, establishment } = block
    switch (type) {
      case CHUNK.DATA:
      case CHUNK.I_DATA:
        return this.#data(type === CHUNK.I_DATA, flags, bytes, start, end, now)
      case CHUNK.SACK:
        if (block.transfer === undefined) return this.#unexpected()
        if (!this.#sack.read(bytes, start, end)) return this.#malformed()
        counters.sacksReceived++
        block.transfer.sender.receiveSack(this.#sack, packets, now)
        return true
      case CHUNK.FORWARD_TSN:
      case CHUNK.I_FORWARD_TSN:
        if (block.transfer === undefined) return this.#unexpected()
        if ((type === CHUNK.I_FORWARD_TSN) !== block.transfer.interleaving) return this.#wrongForm(now)
        return block.transfer.receiver.forwardTsn(bytes, start, end) || this.#malformed()
      case CHUNK.RE_CONFIG:
        return this.#reconfig(bytes, start, end)
      case CHUNK.HEARTBEAT:
        if (packets.tag !== 0) packets.append(CHUNK.HEARTBEAT_ACK, 0, bytes.subarray(start, end), now)
        return true
      case CHUNK.PAD:
        return true
      case CHUNK.HEARTBEAT_ACK:
        block.path.acknowledged(bytes, start, end, now)
        block.pathMtu.acknowledged(bytes, start, end, now)
        return true
      case CHUNK.INIT:
        return this.#init(bytes, start, end, now)
      case CHUNK.INIT_ACK:
        return this.#initAck(bytes, start, end, now)
      case CHUNK.COOKIE_ECHO:
        return this.#cookieEcho(bytes, start, end, now)
      case CHUNK.COOKIE_ACK:
        if (establishment.receiveCookieAck()) block.establish(now)
        return true
      case CHUNK.ABORT: {
        const cause = readCause(bytes, start, end)
        // One whose format is wrong is silently discarded (3.3.7).
        if (cause === undefined) return this.#malformed()
        const { code, reason } = cause
        const detail = reason === '' ? '' : `: ${reason}`
        block.end(
          new SctpError('aborted', `The peer aborted the association (cause ${code ?? 'unknown'})${detail}`, code),
        )
        return false
      }
      case CHUNK.ERROR:
        counters.errorsReceived++
        if (hasCause(bytes, start, end, CAUSE.STALE_COOKIE) && !establishment.receiveStaleCookie(packets, now)) {
          block.end(new SctpError('handshake-timeout', 'The peer finds every cookie stale'))
        } else if (establishment.state === 'cookie-wait') {
          block.state = 'cookie-wait'
        }
        return true
      case CHUNK.SHUTDOWN:
        return this.#shutdown(bytes, start, end, now)
      case CHUNK.SHUTDOWN_ACK:
        if (block.state !== 'shutdown-sent' && block.state !== 'shutdown-ack-sent') return this.#unexpected()
        block.shutdown.sendComplete(now)
        block.end()
        return false
      case CHUNK.SHUTDOWN_COMPLETE:
        if (block.state !== 'shutdown-ack-sent') return this.#unexpected()
        block.end()
        return false
    }
    counters.unknownChunks++
    if (reportsUnknown(type, 8) && !this.#reported && packets.tag !== 0) {
      this.#reported = true
      packets.append(
        CHUNK.ERROR,
        0,
        writeCause(CAUSE.UNRECOGNIZED_CHUNK, bytes.subarray(start - CHUNK_HEADER, end)),
        now,
      )
    }
    return skipsUnknown(type, 8)
  }

  #data(interleaved: boolean, flags: number, bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const block = this.#block
    const least = dataHeader(interleaved) - CHUNK_HEADER
    if (end - start < least) return this.#malformed()
    // The peer sends DATA once it is established: its COOKIE ACK was overtaken or lost, and says no more than this.
    if (block.state === 'cookie-echoed' && block.establishment.receiveCookieAck()) block.establish(now)
    const { transfer, state } = block
    if (transfer === undefined || state === 'shutdown-received' || state === 'shutdown-ack-sent') {
      return this.#unexpected()
    }
    if (interleaved !== transfer.interleaving) return this.#wrongForm(now)
    if (end - start === least) {
      const error = new SctpError('protocol-violation', 'DATA without user data', CAUSE.NO_USER_DATA)
      block.abort(noUserData(getU32(bytes, start)), now, error)
      return false
    }
    const streamId = getU16(bytes, start + 4)
    if (streamId >= block.inboundStreams) {
      block.counters.misplaced++
      transfer.receiver.refuse(getU32(bytes, start))
      block.packets.append(CHUNK.ERROR, 0, invalidStream(streamId), now)
      return true
    }
    transfer.receiver.data(flags, bytes, start, end)
    this.#late = state === 'shutdown-sent'
    return true
  }

  #reconfig(bytes: Uint8Array, start: number, end: number): boolean {
    const { transfer } = this.#block
    if (transfer === undefined) return this.#unexpected()
    const parameters = readReconfig(bytes, start, end)
    if (parameters === undefined) return this.#malformed()
    for (const parameter of parameters) {
      transfer.reconfiguration.receive(parameter, transfer.receiver.tracker.cumulative)
    }
    return true
  }

  #init(bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const block = this.#block
    // An INIT is the only chunk of its packet (4.3).
    if (start !== FIRST_CHUNK) return this.#unexpected()
    if (block.state === 'shutdown-ack-sent') {
      block.shutdown.sendShutdownAck(now)
      return false
    }
    const init = readInit(bytes, start, end)
    if (init === undefined) return this.#malformed()
    block.establishment.receiveInit(init, block.packets, now)
    return false
  }

  #initAck(bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const block = this.#block
    const { establishment } = block
    // It is the only chunk of its packet, too.
    if (start !== FIRST_CHUNK || end + (-end & 3) < bytes.length) return this.#unexpected()
    const init = readInit(bytes, start, end)
    if (init === undefined) return this.#malformed()
    if (!establishment.receiveInitAck(init, block.packets, now)) {
      block.end(new SctpError('protocol-violation', 'The answer to INIT cannot be used'))
    } else if (establishment.state === 'cookie-echoed') {
      block.state = 'cookie-echoed'
    }
    return false
  }

  #cookieEcho(bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const block = this.#block
    const { packets } = block
    // It is the first chunk of its packet (5.1.3).
    if (start !== FIRST_CHUNK) return this.#unexpected()
    const leaving = block.state === 'shutdown-ack-sent'
    const cookie = bytes.subarray(start, end)
    const verdict = block.establishment.receiveCookieEcho(getU32(bytes, 4), cookie, packets, now, leaving)
    if (verdict === 'discard') return false
    if (verdict === 'too-late') {
      block.shutdown.sendShutdownAck(now)
      packets.append(CHUNK.ERROR, 0, writeCause(CAUSE.COOKIE_WHILE_SHUTTING_DOWN), now)
      return false
    }
    packets.append(CHUNK.COOKIE_ACK, 0, NOTHING, now)
    if (verdict === 'establish') block.establish(now)
    else if (verdict === 'restart') block.restart(now)
    return true
  }

  #shutdown(bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const block = this.#block
    const { transfer } = block
    if (end - start < 4) return this.#malformed()
    if (transfer === undefined) return this.#unexpected()
    transfer.sender.acknowledge(getU32(bytes, start), block.packets, now)
    if (block.state === 'established' || block.state === 'shutdown-pending') {
      block.state = 'shutdown-received'
      block.shutdown.begin(now)
    } else if (block.state === 'shutdown-sent') {
      block.state = 'shutdown-ack-sent'
      block.shutdown.sendShutdownAck(now)
    }
    return true
  }

  /** DATA where I-DATA was agreed on, or the reverse, ends the association (RFC 8260 2.2.3 and 2.3.1). */
  #wrongForm(now: number): boolean {
    const reason = 'Messages are interleaved, or not, against what was agreed'
    const error = new SctpError('protocol-violation', reason, CAUSE.PROTOCOL_VIOLATION)
    this.#block.abort(writeTextCause(CAUSE.PROTOCOL_VIOLATION, reason), now, error)
    return false
  }

  #malformed(): boolean {
    this.#block.counters.malformed++
    return true
  }

  #unexpected(): boolean {
    this.#block.counters.unexpected++
    return true
  }
}
