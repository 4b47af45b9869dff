/**
 * STUN alone: a Binding request as ICE sends it (RFC 8445, 7.1), encoded, shown byte by byte, decoded and verified.
 */

import { utf8 } from 'purertc/bytes'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import {
  Attribute,
  decodeStun,
  encodeStun,
  iceControlling,
  Method,
  priority,
  readTieBreaker,
  readU32,
  readUsername,
  TRANSACTION_ID_LENGTH,
  username,
  verifyFingerprint,
  verifyIntegrity,
} from 'purertc/stun'

const mac = crypto.createMac('sha-1', utf8('VOkJxbRl1RmTxUk/WvJxBt'))
const request = encodeStun({
  kind: 'request',
  method: Method.binding,
  transactionId: crypto.random.fill(new Uint8Array(TRANSACTION_ID_LENGTH)),
  attributes: [username('evtj:h6vY'), priority(1845494271), iceControlling(0x932ff9b151263b36n)],
  integrity: mac,
  fingerprint: true,
})
for (let at = 0; at < request.length; at += 16)
  console.log([...request.subarray(at, at + 16)].map(byte => byte.toString(16).padStart(2, '0')).join(' '))

const message = decodeStun(request)
if (message === undefined) throw new Error('not a STUN message')
const value = (type: number) => message.find(type) ?? new Uint8Array(0)
console.log(`${message.kind} of method ${message.method}`)
console.log(`user name ${readUsername(value(Attribute.username))}`)
console.log(`priority ${readU32(value(Attribute.priority))}`)
console.log(`tie-breaker ${readTieBreaker(value(Attribute.iceControlling))}`)
console.log(`integrity ${verifyIntegrity(message, mac)}, fingerprint ${verifyFingerprint(message)}`)

request[24]! ^= 1
const forged = decodeStun(request)
console.log(`with one bit changed: integrity ${forged !== undefined && verifyIntegrity(forged, mac)}`)
