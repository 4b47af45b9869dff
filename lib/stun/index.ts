/** stun: messages, short-term credentials and client transactions of RFC 8489. */

export { addressBytes, addressText, canonicalAddress } from './address.ts'
export {
  Attribute,
  errorCode,
  iceControlled,
  iceControlling,
  nonce,
  plainAddress,
  priority,
  readAddress,
  readErrorCode,
  readText,
  readTieBreaker,
  readU32,
  readUnknownAttributes,
  readUsername,
  readXorAddress,
  realm,
  type StunAddress,
  type StunAttribute,
  software,
  unknownAttributes,
  unknownRequired,
  useCandidate,
  username,
  xorAddress,
} from './attributes.ts'
export { verifyFingerprint, verifyIntegrity } from './integrity.ts'
export {
  decodeStun,
  encodeStun,
  HEADER_LENGTH,
  MAGIC_COOKIE,
  Method,
  type StunClass,
  type StunFields,
  StunMessage,
  TRANSACTION_ID_LENGTH,
} from './message.ts'
export {
  ClientTransaction,
  DEFAULT_INITIAL_TIMEOUT,
  DEFAULT_LAST_WAIT,
  DEFAULT_REQUESTS,
  type RetransmissionTiming,
  type TransactionState,
} from './transaction.ts'
