/**
 * STUN alone, without a network: a Binding request as ICE sends it (RFC 8445, 7.1), byte by byte and verified; a host
 * that asks a STUN server for its address, over a stream cut anywhere; and long-term credentials.
 */

import { utf8 } from 'purertc/bytes'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import {
  Attribute,
  answerBinding,
  BindingQuery,
  decodeStun,
  encodeStun,
  iceControlling,
  longTermKey,
  Method,
  parseServerUri,
  priority,
  readTieBreaker,
  readU32,
  readUsername,
  realm,
  StreamFramer,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
  userhash,
  username,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from 'purertc/stun'

const transactionId = crypto.random.fill(new Uint8Array(TRANSACTION_ID_LENGTH))
const decoded = (bytes: Uint8Array): StunMessage => {
  const message = decodeStun(bytes)
  if (message === undefined) throw new Error('not a STUN message')
  return message
}

// A connectivity check, sealed with the peer's password.
const mac = crypto.createMac('sha-1', utf8('VOkJxbRl1RmTxUk/WvJxBt'))
const request = encodeStun({
  kind: 'request',
  method: Method.binding,
  transactionId,
  attributes: [username('evtj:h6vY'), priority(1845494271), iceControlling(0x932ff9b151263b36n)],
  integrity: mac,
  fingerprint: true,
})
for (let at = 0; at < request.length; at += 16)
  console.log([...request.subarray(at, at + 16)].map(byte => byte.toString(16).padStart(2, '0')).join(' '))

const message = decoded(request)
const value = (type: number) => message.find(type) ?? new Uint8Array(0)
console.log(`${message.kind} of method ${message.method}`)
console.log(`user name ${readUsername(value(Attribute.username))}`)
console.log(`priority ${readU32(value(Attribute.priority))}`)
console.log(`tie-breaker ${readTieBreaker(value(Attribute.iceControlling))}`)
console.log(`integrity ${verifyIntegrity(message, mac)}, fingerprint ${verifyFingerprint(message)}`)

request[24]! ^= 1
console.log(`with one bit changed: integrity ${verifyIntegrity(decoded(request), mac)}`)

// A STUN server and who asks it. Time is a number that the caller hands in; the wire is a function.
console.log('server', parseServerUri('stuns:[2001:db8::1]'))
const source = { address: '203.0.113.7', port: 61234 }
let answer = new Uint8Array(0)
const query = new BindingQuery(
  {
    crypto,
    reliable: true,
    transmit: bytes => {
      answer = answerBinding(decoded(bytes), source) ?? answer
    },
  },
  0,
)
const framer = new StreamFramer()
for (const byte of answer) framer.push(Uint8Array.of(byte), frame => query.receive(decoded(frame), 20))
console.log(`${query.state}: we are ${query.mapped?.address} port ${query.mapped?.port}`)

// Long-term credentials, as TURN has them: the user's name does not go over the wire.
const key = longTermKey(crypto, 'sha-256', 'user', 'example.org', 'password')
const sealed = encodeStun({
  kind: 'request',
  method: Method.allocate,
  transactionId,
  attributes: [userhash(crypto, 'user', 'example.org'), realm('example.org')],
  integritySha256: crypto.createMac('sha-256', key),
})
const isRight = verifyIntegritySha256(decoded(sealed), crypto.createMac('sha-256', key))
console.log(`sealed with SHA-256: integrity ${isRight}, user name ${decoded(sealed).has(Attribute.username)}`)
