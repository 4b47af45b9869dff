/** What the gathering from a server works with, and how the candidates that it gives are told. */

import type { CryptoProvider } from '../crypto/index.ts'
import type { LocalCandidateInit } from '../ice/index.ts'
import type { Host, TraceSink } from '../machine/index.ts'
import { addressFamily, type StunAddress } from '../stun/index.ts'
import type { BaseTable } from './base-table.ts'
import type { HostSocket } from './host-socket.ts'

export interface ServerContext {
  readonly host: Host
  readonly crypto: CryptoProvider
  readonly table: BaseTable
  readonly trace: TraceSink | undefined
  /** Whether `raddr` may show where a reflexive or relayed candidate comes from (RFC 8839, 5.1). */
  readonly showRelated: boolean
  /** Addresses of the peer's that relays are to let in. */
  readonly expected: ReadonlySet<string>
  /** Whether only some addresses of this machine may be used, also where the platform would choose. */
  filtered(): boolean
  candidate(init: LocalCandidateInit): void
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
  baseGone(socket: number): void
  /** The addresses of a server's name. */
  resolve(name: string): Promise<readonly string[]>
}

/** Where a candidate comes from: for diagnosis only, and hidden where it would tell too much (RFC 8839, 5.1). */
export const related = (
  { showRelated }: ServerContext,
  { address, port }: StunAddress,
): { readonly relatedAddress: string; readonly relatedPort: number } => {
  if (showRelated) return { relatedAddress: address, relatedPort: port }
  return { relatedAddress: address.includes(':') ? '::' : '0.0.0.0', relatedPort: 9 }
}

/** @param server The address that has seen `mapped`. */
export const announceReflexive = (
  context: ServerContext,
  url: string,
  { base, number }: HostSocket,
  mapped: StunAddress,
  server: string,
): void => {
  if (base === undefined || addressFamily(mapped.address) !== addressFamily(base.address)) return
  context.candidate({
    socket: number,
    type: 'srflx',
    address: mapped.address,
    port: mapped.port,
    baseAddress: base.address,
    basePort: base.port,
    ...related(context, base),
    server,
    url,
  })
}
