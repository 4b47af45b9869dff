/**
 * One end of a simulated TCP connection (RFC 9293): the handshake, also when both ends open at once (3.5); bytes in
 * order, each lost one sent again; FIN and RST.
 *
 * What a specification of something above TCP cannot see is left out: flow and congestion control (64 KiB are under way
 * at most), delayed acknowledgements, TIME-WAIT.
 */

import type { Packet } from '../bytes/index.ts'
import type { Cancellable, StreamSocket } from '../machine/index.ts'
import type { Segment } from './datagram.ts'
import { Outgoing } from './tcp-outgoing.ts'
import { Reassembly, WINDOW } from './tcp-reassembly.ts'
import { RetransmissionTimeout } from './tcp-timeout.ts'

/** Bytes of data in one segment: what fits the smallest MTU of IPv6, 1280 (RFC 8200, section 5). */
const SEGMENT = 1220
/** Milliseconds for which one segment is sent again before the other end counts as gone (RFC 9293, section 3.8.3: R2). */
const GIVE_UP = 120_000
/** Milliseconds for which an end that has closed waits for the other to do the same. */
const LINGER = 60_000
/** Acknowledgements of the same byte by which a segment counts as lost (RFC 5681, section 3.2). */
const DUPLICATES = 3

/** What an end asks of its host. */
export interface ConnectionHost {
  now(): number
  schedule(at: number, task: (now: number) => void): Cancellable
  transmit(connection: TcpConnection, segment: Segment, bytes: Uint8Array): void
  forget(connection: TcpConnection): void
}

export interface ConnectionEvents {
  established(now: number): void
  receive(bytes: Uint8Array, now: number): void
  /** Over, or never begun: undefined after FIN. Told once. */
  closed(code: string | undefined): void
}

export interface ConnectionPath {
  readonly address: string
  readonly port: number
  readonly remoteAddress: string
  readonly remotePort: number
}

interface Sent {
  readonly sequence: number
  readonly end: number
  readonly bytes: Uint8Array
  readonly syn: boolean
  readonly fin: boolean
  readonly at: number
  again: boolean
}

const NOTHING = new Uint8Array(0)

export class TcpConnection implements StreamSocket {
  readonly address: string
  readonly port: number
  readonly remoteAddress: string
  readonly remotePort: number
  #state: 'syn-sent' | 'syn-received' | 'established' | 'gone' = 'syn-sent'
  readonly #host: ConnectionHost
  readonly #events: ConnectionEvents
  readonly #initial: number
  /** The other end's initial sequence number. */
  #theirs = 0
  readonly #flight: Sent[] = []
  readonly #unsent = new Outgoing()
  #acknowledged: number
  #next: number
  readonly #incoming = new Reassembly()
  readonly #rto = new RetransmissionTimeout()
  #timer: Cancellable | undefined
  /** When something new was acknowledged, or sent with nothing else under way. */
  #progress = 0
  #duplicates = 0
  /** Until this is acknowledged, each partial acknowledgement shows the next hole (RFC 6582). */
  #recovering = 0
  /** Our owner wants nothing more, or has been told of the end. */
  #over = false
  #finWanted = false
  #finAcknowledged = false

  constructor(host: ConnectionHost, path: ConnectionPath, events: ConnectionEvents, initial: number) {
    this.address = path.address
    this.port = path.port
    this.remoteAddress = path.remoteAddress
    this.remotePort = path.remotePort
    this.#host = host
    this.#events = events
    this.#initial = initial
    this.#acknowledged = initial
    this.#next = initial
  }

  get bufferedAmount(): number {
    return this.#unsent.length
  }

  /** Whether its owner may still use it. */
  get open(): boolean {
    return !this.#over
  }

  get halfOpen(): boolean {
    return this.#state === 'syn-received'
  }

  /** Sends SYN. */
  connect(): void {
    this.#push(NOTHING, true, false)
  }

  /** Answers the SYN of another with SYN and ACK. */
  accept(segment: Segment): void {
    this.#state = 'syn-received'
    this.#theirs = segment.sequence
    this.#incoming.expected = segment.sequence + 1
    this.#push(NOTHING, true, false)
  }

  send(packet: Packet): void {
    if (!this.#over && packet.length > 0) {
      this.#unsent.put(packet.view().slice())
      this.#flush()
    }
    packet.release()
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    this.#end()
  }

  /** Ends at once, by RST when the other end knows of us. Nothing is told. */
  abort(): void {
    this.#over = true
    if (this.#state === 'gone') return
    if (this.#state !== 'syn-sent') this.#transmit({ rst: true, sequence: this.#next }, NOTHING)
    this.#leave()
  }

  /** A segment for this connection has come. */
  receive(segment: Segment, bytes: Uint8Array, now: number): void {
    if (this.#state === 'gone') return
    if (this.#state === 'syn-sent') this.#receiveInSynSent(segment, now)
    else if (segment.rst) this.#receiveReset(segment)
    else if (segment.syn) this.#receiveSyn(segment, now)
    else if (segment.ack) this.#receiveInOrder(segment, bytes, now)
  }

  /** RFC 9293, section 3.10.7.3. */
  #receiveInSynSent(segment: Segment, now: number): void {
    if (segment.ack && segment.acknowledgement !== this.#initial + 1) {
      if (!segment.rst) this.#transmit({ rst: true, sequence: segment.acknowledgement }, NOTHING)
      return
    }
    if (segment.rst) {
      if (segment.ack) this.#fail('ECONNREFUSED')
      return
    }
    if (!segment.syn) return
    this.#theirs = segment.sequence
    this.#incoming.expected = segment.sequence + 1
    this.#state = 'syn-received'
    if (segment.ack) this.#establish(segment.acknowledgement, now)
    else this.#sendAgain(this.#flight[0]!)
  }

  #receiveReset(segment: Segment): void {
    if (segment.sequence < this.#incoming.expected || segment.sequence > this.#incoming.expected + WINDOW) return
    this.#fail(this.#state === 'syn-received' ? 'ECONNREFUSED' : 'ECONNRESET')
  }

  #receiveSyn(segment: Segment, now: number): void {
    if (this.#state === 'syn-received' && segment.sequence === this.#theirs) {
      if (segment.ack && segment.acknowledgement === this.#initial + 1) this.#establish(segment.acknowledgement, now)
      else this.#sendAgain(this.#flight[0]!)
      return
    }
    // Our ACK was lost, or it is a new connection from the same port: the answer (3.10.7.4) tells either what we know.
    this.#acknowledge()
  }

  #receiveInOrder(segment: Segment, bytes: Uint8Array, now: number): void {
    if (segment.acknowledgement > this.#next || segment.sequence > this.#incoming.expected + WINDOW) {
      this.#acknowledge()
      return
    }
    if (this.#state === 'syn-received') {
      if (segment.acknowledgement <= this.#initial) return
      this.#establish(segment.acknowledgement, now)
    }
    this.#receiveAcknowledgement(segment, bytes, now)
    if (bytes.length > 0 || segment.fin) this.#receiveData(segment, bytes, now)
    this.#leaveWhenDone()
  }

  #establish(acknowledgement: number, now: number): void {
    const answer = this.#flight[0]?.syn === true
    this.#state = 'established'
    this.#settle(acknowledgement, now)
    // Also when both have opened at once: the other end may still wait for it.
    if (answer) this.#acknowledge()
    if (!this.#over) this.#events.established(now)
    this.#flush()
  }

  #receiveAcknowledgement({ acknowledgement, fin }: Segment, bytes: Uint8Array, now: number): void {
    if (acknowledgement > this.#acknowledged) {
      this.#settle(acknowledgement, now)
      if (acknowledgement < this.#recovering) this.#sendAgain(this.#flight[0]!)
      this.#flush()
    } else if (acknowledgement === this.#acknowledged && this.#flight.length > 0 && bytes.length === 0 && !fin) {
      if (++this.#duplicates === DUPLICATES && acknowledgement >= this.#recovering) {
        this.#recovering = this.#next
        this.#sendAgain(this.#flight[0]!)
      }
    }
  }

  #receiveData(segment: Segment, bytes: Uint8Array, now: number): void {
    this.#incoming.put(segment.sequence, bytes, segment.fin)
    for (let piece = this.#incoming.take(); piece !== undefined; piece = this.#incoming.take()) {
      if (piece.bytes.length > 0 && !this.#over) this.#events.receive(piece.bytes, now)
      if (piece.fin) this.#receiveFin()
    }
    if (this.#state === 'established') this.#acknowledge()
  }

  #receiveFin(): void {
    const tell = !this.#over
    this.#over = true
    // Neither end keeps its half open, as with sockets of Node.js by default.
    this.#end()
    if (tell) this.#events.closed(undefined)
  }

  /** Ends our half behind what was sent. */
  #end(): void {
    this.#finWanted = true
    if (this.#state === 'syn-sent') this.#leave()
    else this.#flush()
  }

  #flush(): void {
    if (this.#state !== 'established') return
    while (this.#unsent.length > 0 && this.#next - this.#acknowledged < WINDOW)
      this.#push(this.#unsent.take(SEGMENT), false, false)
    const finSent = this.#flight.at(-1)?.fin === true || this.#finAcknowledged
    if (this.#finWanted && this.#unsent.length === 0 && !finSent) this.#push(NOTHING, false, true)
  }

  #push(bytes: Uint8Array, syn: boolean, fin: boolean): void {
    const sequence = this.#next
    const end = sequence + bytes.length + (syn || fin ? 1 : 0)
    const sent = { sequence, end, bytes, syn, fin, at: this.#host.now(), again: false }
    if (this.#flight.length === 0) this.#progress = sent.at
    this.#next = end
    this.#flight.push(sent)
    this.#transmit({ syn, fin, sequence }, bytes.slice())
    if (this.#timer === undefined) this.#arm()
  }

  #sendAgain(sent: Sent): void {
    sent.again = true
    this.#transmit({ syn: sent.syn, fin: sent.fin, sequence: sent.sequence }, sent.bytes.slice())
    this.#arm()
  }

  #acknowledge(): void {
    this.#transmit({ sequence: this.#next }, NOTHING)
  }

  #transmit(part: Partial<Segment> & { readonly sequence: number }, bytes: Uint8Array): void {
    const ack = this.#state !== 'syn-sent'
    const acknowledgement = ack ? this.#incoming.expected : 0
    this.#host.transmit(this, { syn: false, fin: false, rst: false, ack, acknowledgement, ...part }, bytes)
  }

  /** Everything before `acknowledgement` has arrived. */
  #settle(acknowledgement: number, now: number): void {
    // In recovery what was acknowledged has waited for what was lost before it: no round trip.
    const steady = this.#acknowledged >= this.#recovering
    this.#acknowledged = acknowledgement
    this.#duplicates = 0
    this.#progress = now
    this.#rto.restore()
    while (this.#flight.length > 0 && this.#flight[0]!.end <= acknowledgement) {
      const sent = this.#flight.shift()!
      if (sent.fin) this.#finAcknowledged = true
      // What was sent twice says nothing of it either (RFC 6298, section 3).
      if (steady && !sent.again) this.#rto.measure(now - sent.at)
    }
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#flight.length > 0) this.#arm()
    else if (this.#finAcknowledged && !this.#incoming.ended) this.#linger()
  }

  #arm(): void {
    this.#timer?.cancel()
    this.#timer = this.#host.schedule(this.#host.now() + this.#rto.value, now => this.#timeout(now))
  }

  #timeout(now: number): void {
    this.#timer = undefined
    const first = this.#flight[0]
    if (first === undefined) return
    if (now - this.#progress >= GIVE_UP) {
      this.#fail('ETIMEDOUT')
      return
    }
    this.#rto.double()
    this.#recovering = this.#next
    this.#sendAgain(first)
  }

  #linger(): void {
    this.#timer?.cancel()
    this.#timer = this.#host.schedule(this.#host.now() + LINGER, () => this.#leave())
  }

  #leaveWhenDone(): void {
    if (this.#incoming.ended && this.#finAcknowledged) this.#leave()
  }

  #fail(code: string): void {
    const tell = !this.#over
    this.#over = true
    this.#leave()
    if (tell) this.#events.closed(code)
  }

  #leave(): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#timer?.cancel()
    this.#flight.length = 0
    this.#unsent.clear()
    this.#incoming.clear()
    this.#host.forget(this)
  }
}
