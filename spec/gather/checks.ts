/** Connectivity checks made by hand, for specs of the ports that lead them. */

import { Packet, utf8 } from '../../lib/bytes/index.ts'
import { Attribute, encodeStun, Method, priority, username, xorAddress } from '../../lib/stun/index.ts'
import { nodeCrypto } from '../providers.ts'

export const PASSWORD = 'passwordpasswordpassword'
const mac = nodeCrypto.createMac('sha-1', utf8(PASSWORD))

export interface Check {
  readonly id?: Uint8Array
  readonly method?: number
  readonly fingerprint?: boolean
  readonly integrity?: boolean
}

export const transactionId = (): Uint8Array => nodeCrypto.random.fill(new Uint8Array(12))

/** A Binding request with this user name: `ours:theirs`. */
export const check = (name: string, options: Check = {}): Uint8Array<ArrayBuffer> => {
  const { id = transactionId(), method = Method.binding, fingerprint = true, integrity = true } = options
  return encodeStun({
    kind: 'request',
    method,
    transactionId: id,
    attributes: [...(name === '' ? [] : [username(name)]), priority(0x6e7f00ff)],
    fingerprint,
    ...(integrity && { integrity: mac }),
  })
}

/** A success response to the request with this transaction id. */
export const success = (id: Uint8Array): Uint8Array<ArrayBuffer> =>
  encodeStun({
    kind: 'success',
    method: Method.binding,
    transactionId: id,
    attributes: [xorAddress(Attribute.xorMappedAddress, { address: '192.0.2.1', port: 1 }, id)],
    integrity: mac,
    fingerprint: true,
  })

/** A 401 to the request with this transaction id. */
export const refusal = (id: Uint8Array): Uint8Array<ArrayBuffer> =>
  encodeStun({ kind: 'error', method: Method.binding, transactionId: id, fingerprint: true })

/** A packet with the headroom that real ones have. */
export const packet = (bytes: Uint8Array): Packet => Packet.copy(bytes)

/** What looks like DTLS, and says something. */
export const data = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.of(22, ...utf8(text))

/** The text of `data`; of STUN its class. */
export const textOf = (bytes: Uint8Array): string => {
  if (bytes[0] === 22) return String.fromCharCode(...bytes.subarray(1))
  return bytes[0] === 0 ? 'request' : bytes[1] === 1 ? 'success' : 'error'
}
