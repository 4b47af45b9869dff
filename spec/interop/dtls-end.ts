/** Our DTLS alone, as an application would run it: a connection over a UDP socket of this machine. */

import { Packet, utf8 } from '../../lib/bytes/index.ts'
import { DtlsConnection, type DtlsEvent, type DtlsOptions } from '../../lib/dtls/index.ts'
import { type Running, run } from '../../lib/net/index.ts'
import { nodeCrypto } from '../providers.ts'
import { Waiting } from './waiting.ts'

type Options = Pick<DtlsOptions, 'role' | 'certificate' | 'fingerprints'> & Partial<DtlsOptions>

/** The type of the handshake message that a datagram in the clear begins with (RFC 6347, 4.1 and 4.2.2). */
const firstMessage = (datagram: Uint8Array): number | undefined => (datagram[0] === 22 ? datagram[13] : undefined)

/** The first datagram of this kind is lost on its way, from us or to us. */
export interface Loss {
  readonly sent?: (datagram: Uint8Array, index: number) => boolean
  readonly received?: (datagram: Uint8Array, index: number) => boolean
}

/** Copies what comes. */
class Watched extends DtlsConnection {
  readonly received: Uint8Array[] = []
  loses: Loss['received'] = undefined
  lost = 0

  override receive(datagram: Uint8Array, now: number): void {
    const index = this.received.push(datagram.slice()) - 1
    if (this.loses?.(datagram, index)) {
      this.loses = undefined
      this.lost++
    } else {
      super.receive(datagram, now)
    }
  }
}

export class DtlsEnd {
  readonly events: DtlsEvent[] = []
  readonly keyLog: string[] = []
  /** Datagrams that left, or were lost. */
  readonly sent: Uint8Array[] = []
  /** What the peer has said, as text. */
  heard = ''
  #lost = 0
  readonly #waiting = new Waiting()
  #running!: Running<Watched>

  /** Begins the handshake: a client at once, with the peer at `port`; a server when the first datagram comes. */
  static async open(options: Options, port?: number, loss: Loss = {}): Promise<DtlsEnd> {
    const end = new DtlsEnd()
    let loses = loss.sent
    end.#running = await run(
      transmit =>
        new Watched({
          crypto: nodeCrypto,
          transmit: packet => {
            const index = end.sent.push(packet.view().slice()) - 1
            if (loses?.(packet.view(), index)) {
              loses = undefined
              end.#lost++
              packet.release()
            } else {
              transmit(packet)
            }
          },
          deliver: data => {
            end.heard += new TextDecoder().decode(data)
            end.#waiting.wake()
          },
          trace: { keyLog: line => end.keyLog.push(line) },
          ...options,
        }),
      {
        ...(port !== undefined && { remote: { address: '127.0.0.1', port } }),
        event: event => {
          end.events.push(event)
          end.#waiting.wake()
        },
      },
    )
    end.#running.machine.loses = loss.received
    end.input((dtls, now) => dtls.start(now))
    return end
  }

  get dtls(): DtlsConnection {
    return this.#running.machine
  }

  get port(): number {
    return this.#running.port
  }

  /** Datagrams that came, or were lost. */
  get received(): readonly Uint8Array[] {
    return this.#running.machine.received
  }

  /** How many were lost. */
  get lost(): number {
    return this.#lost + this.#running.machine.lost
  }

  /** The types of the messages in the clear that the datagrams of the peer began with. */
  get firstMessages(): readonly (number | undefined)[] {
    return this.received.map(firstMessage)
  }

  input<R>(act: (dtls: DtlsConnection, now: number) => R): R {
    return this.#running.input(act)
  }

  send(text: string): void {
    this.input((dtls, now) => dtls.send(Packet.copy(utf8(text)), now))
  }

  /** Resolves when `condition` holds. Rejects when the connection fails instead. */
  async until(condition: () => boolean): Promise<void> {
    const check = () => {
      if (condition()) return true
      for (const event of this.events) if (event.type === 'failed') throw event.error
      return false
    }
    const { dtls } = this
    await this.#waiting.until(check, () => JSON.stringify([dtls.state, this.heard, dtls.counters]))
  }

  async connected(): Promise<void> {
    await this.until(() => this.events.some(({ type }) => type === 'connected'))
  }

  async hears(text: string): Promise<void> {
    await this.until(() => this.heard.includes(text))
  }

  /** Waits for the peer to close the connection. */
  async closed(): Promise<void> {
    await this.until(() => this.events.some(({ type }) => type === 'closed'))
  }

  /** Says close_notify. */
  closeDtls(): void {
    this.input((dtls, now) => dtls.close(now))
  }

  close(): void {
    this.closeDtls()
    this.#running.close()
  }
}
