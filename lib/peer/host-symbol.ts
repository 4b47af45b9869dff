/** How a connection gets another world than the platform's: its clock, sockets and cryptography. */

import type { CryptoProvider } from '../crypto/index.ts'
import type { Host } from '../machine/index.ts'
import type { MdnsService } from '../mdns/index.ts'

/** What the configuration member under `hostSymbol` holds. */
export interface ConnectionHost {
  readonly host: Host
  readonly crypto: CryptoProvider
  /** Shared by the connections of one world; without it, each has its own as soon as it needs one. */
  readonly mdns?: MdnsService
}

/**
 * Names the configuration member by which a connection takes another host than the platform's: that of a simulation
 * (`purertc/sim`). Only who imports the symbol can name it, so nothing that comes out of JSON can.
 */
export const hostSymbol: unique symbol = Symbol('purertc.host')
