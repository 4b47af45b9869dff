/** Two of our own DTLS connections in memory: what one sends the other is given at its next turn, and nothing is lost. */

import type { Packet } from '../../lib/bytes/index.ts'
import { type Certificate, fingerprint } from '../../lib/crypto/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'
import { DtlsConnection, type DtlsOptions } from '../../lib/dtls/index.ts'
import type { Side } from './shaker.ts'

type Settings = Pick<DtlsOptions, 'versions' | 'groups' | 'cipherSuites'>

export interface End {
  readonly dtls: DtlsConnection
  /** What the other end has sent. */
  arrivals: Packet[]
}

/** As records carry them. */
export const VERSIONS = { '1.2': 0xfefd, '1.3': 0xfefc } as const

export class DtlsPair {
  readonly client: End
  readonly server: End

  constructor(certificates: Readonly<Record<Side, Certificate>>, settings: Settings) {
    const createEnd = (role: Side, peer: Side): End => ({
      arrivals: [],
      dtls: new DtlsConnection({
        crypto: nodeCrypto,
        role,
        certificate: certificates[role],
        fingerprints: [{ algorithm: 'sha-256', value: fingerprint(nodeCrypto, 'sha-256', certificates[peer].der) }],
        ...settings,
        transmit: packet => this[peer].arrivals.push(packet),
        deliver: () => {},
      }),
    })
    this.client = createEnd('client', 'server')
    this.server = createEnd('server', 'client')
  }

  get connected(): boolean {
    return this.client.dtls.state === 'connected' && this.server.dtls.state === 'connected'
  }

  start(now: number): void {
    this.server.dtls.start(now)
    this.client.dtls.start(now)
  }

  /** Until nothing is under way any more, which over such a path is when all is done, or over. */
  run(now: number): void {
    const { client, server } = this
    while (client.arrivals.length > 0 || server.arrivals.length > 0) {
      this.#turn(server, now)
      this.#turn(client, now)
    }
  }

  #turn(end: End, now: number): void {
    const { arrivals, dtls } = end
    end.arrivals = []
    for (const packet of arrivals) {
      dtls.receive(packet.view(), now)
      packet.release()
    }
    // What came too early is taken when it is due, and that is at once; no other timer comes up.
    if (dtls.deadline <= now) dtls.advance(now)
  }
}
