/** stun: messages, credentials, client transactions, framing and server URIs of RFC 8489; the attributes of RFC 8656. */

export {
  type AddressFamily,
  addressBytes,
  addressFamily,
  addressText,
  canonicalAddress,
  plainAddress,
  readAddress,
  readXorAddress,
  type StunAddress,
  xorAddress,
} from './address.ts'
export {
  Attribute,
  alternateDomain,
  iceControlled,
  iceControlling,
  nomination,
  nonce,
  priority,
  readAlternateDomain,
  readText,
  readTieBreaker,
  readU32,
  readUsername,
  realm,
  type StunAttribute,
  software,
  useCandidate,
  username,
} from './attributes.ts'
export {
  type AlternateServer,
  type BindingError,
  BindingQuery,
  type BindingQueryOptions,
  readAlternateServer,
} from './binding-query.ts'
export { answerBinding, errorResponse, type ResponseSeal, unknownAttributeResponse } from './binding-server.ts'
export {
  type KeyAlgorithm,
  longTermKey,
  opaqueString,
  PasswordAlgorithm,
  type PasswordAlgorithmEntry,
  passwordAlgorithm,
  passwordAlgorithms,
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readUserhash,
  userhash,
} from './credential-attributes.ts'
export {
  addressErrorCode,
  ErrorCode,
  errorCode,
  NO_ANSWER,
  readAddressErrorCode,
  readErrorCode,
  readUnknownAttributes,
  type StunError,
  unknownAttributes,
  unknownRequired,
} from './error-attributes.ts'
export { verifyFingerprint, verifyIntegrity, verifyIntegritySha256 } from './integrity.ts'
export {
  type LongTermCredentials,
  LongTermSession,
  nonceFeatures,
  type SealedRequest,
  type Verdict,
} from './long-term.ts'
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
export { parseServerUri, type ServerScheme, type ServerTransport, type ServerUri } from './server-uri.ts'
export { CHANNEL_DATA_HEADER, StreamFramer } from './stream.ts'
export {
  ClientTransaction,
  DEFAULT_INITIAL_TIMEOUT,
  DEFAULT_LAST_WAIT,
  DEFAULT_REQUESTS,
  type RetransmissionTiming,
  type TransactionState,
} from './transaction.ts'
export {
  additionalAddressFamily,
  channelNumber,
  data,
  dontFragment,
  evenPort,
  FIRST_CHANNEL,
  type IcmpError,
  icmp,
  LAST_CHANNEL,
  lifetime,
  readAddressFamily,
  readChannelNumber,
  readEvenPort,
  readIcmp,
  readRequestedTransport,
  readReservationToken,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  TRANSPORT_UDP,
} from './turn-attributes.ts'
