/**
 * How a DTLS connection fails: the alert descriptions (RFC 5246, 7.2; RFC 5746; RFC 6066; RFC 8446, 6) and the error
 * that carries one.
 *
 * Inside this room a decoder or a handshake that finds a peer at fault throws a `DtlsError` with the alert to send; the
 * connection catches it, sends the alert and fails. It never leaves the room by an exception.
 */

export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  inappropriateFallback: 86,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
  unrecognizedName: 112,
  certificateRequired: 116,
  noApplicationProtocol: 120,
} as const

export const AlertLevel = { warning: 1, fatal: 2 } as const

/** The registry's name of an alert, as `handshake_failure`; `alert 200` for one that has none here. */
export const alertName = (description: number): string => {
  for (const [name, value] of Object.entries(Alert)) {
    if (value === description) return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  }
  return `alert ${description}`
}

/**
 * - `invalid-state`: the caller asked for what the connection does not have yet, or no longer.
 * - `timeout`: the peer did not answer, however often a flight was sent, nor send anything else.
 * - `fingerprint-mismatch`: the peer's certificate is none of those announced.
 * - `bad-signature`: the peer did not prove that it has the key of its certificate.
 * - `bad-finished`: the two sides did not see the same handshake.
 * - `no-common-parameters`: no version, cipher suite, group or signature scheme that both have.
 * - `protocol-violation`: the peer broke the protocol.
 * - `alert-received`: the peer ended the connection with a fatal alert.
 * - `sequence-exhausted`: as many records were sent under one key as there are numbers (2^48), or as DTLS 1.3 allows its
 *   AEAD (2^24.5 with AES-GCM), and the peer has not let it be replaced.
 * - `forgery-limit`: so many forged records came that another might be taken for genuine (RFC 9147, 4.5.3).
 */
export type DtlsErrorCode =
  | 'invalid-state'
  | 'timeout'
  | 'fingerprint-mismatch'
  | 'bad-signature'
  | 'bad-finished'
  | 'no-common-parameters'
  | 'protocol-violation'
  | 'alert-received'
  | 'sequence-exhausted'
  | 'forgery-limit'

export class DtlsError extends Error {
  override readonly name = 'DtlsError'
  /** The alert that was sent to the peer, if one was. */
  readonly sentAlert: number | undefined
  /** The fatal alert that the peer sent, if it did. */
  readonly receivedAlert: number | undefined

  constructor(
    readonly code: DtlsErrorCode,
    message: string,
    alerts: { readonly sent?: number; readonly received?: number } = {},
  ) {
    super(message)
    this.sentAlert = alerts.sent
    this.receivedAlert = alerts.received
  }
}

/** The peer broke the protocol; `alert` is what it is told. */
export const violation = (alert: number, message: string): DtlsError =>
  new DtlsError('protocol-violation', message, { sent: alert })

/** A message whose lengths lie or that has bytes left over (RFC 5246, 7.2.2). */
export const malformed = (what: string): DtlsError => violation(Alert.decodeError, `${what} is malformed`)

/** A server has nothing in common with what the client offers of that kind. */
export const noCommon = (what: string): DtlsError =>
  new DtlsError('no-common-parameters', `the client offers no ${what} that we have`, { sent: Alert.handshakeFailure })
