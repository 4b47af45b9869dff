/** The platform with a path that loses packets of media, by their count: the same ones of as many, in both directions. */

import { nodeCrypto } from '../../lib/crypto/node.ts'
import type { Host } from '../../lib/machine/index.ts'
import { host } from '../../lib/net/index.ts'
import { hostSymbol } from '../../lib/peer/index.ts'
import { isRtcp } from '../../lib/rtp/index.ts'

/** RFC 7983, 7: the first byte of RTP and RTCP. */
const isRtp = (bytes: Uint8Array): boolean => bytes[0]! >= 128 && bytes[0]! <= 191 && !isRtcp(bytes)

type Direction = 'coming' | 'going'

export class LossyPath {
  /** How many packets were lost. */
  readonly lost = { coming: 0, going: 0 }
  readonly #every: number
  readonly #seen = { coming: 0, going: 0 }

  readonly #directions: readonly Direction[]

  /** @param every One of so many is lost. */
  constructor(every: number, directions: readonly Direction[] = ['coming', 'going']) {
    this.#every = every
    this.#directions = directions
  }

  /** What an RTCPeerConnection is made with. */
  get configuration(): object {
    return { [hostSymbol]: { host: this.#host, crypto: nodeCrypto } }
  }

  get #host(): Host {
    return {
      ...host,
      openDatagram: async options => {
        const socket = await host.openDatagram({
          ...options,
          receive: (bytes, address, port, now) => {
            if (!this.#loses('coming', bytes)) options.receive(bytes, address, port, now)
          },
        })
        return {
          address: socket.address,
          port: socket.port,
          send: (packet, address, port) => {
            if (this.#loses('going', packet.view())) packet.release()
            else socket.send(packet, address, port)
          },
          close: () => socket.close(),
        }
      },
    }
  }

  #loses(direction: Direction, bytes: Uint8Array): boolean {
    if (!this.#directions.includes(direction) || !isRtp(bytes) || ++this.#seen[direction] % this.#every !== 0)
      return false
    this.lost[direction]++
    return true
  }
}
