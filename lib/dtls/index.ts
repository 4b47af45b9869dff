/** dtls: DTLS 1.2 and 1.3 in both roles, as a machine over any datagram path. */

export { CBC_SUITES, CIPHER_SUITES } from './cipher-suite.ts'
export { DtlsConnection } from './connection.ts'
export { Alert, alertName, DtlsError, type DtlsErrorCode } from './error.ts'
export { isClassical, NAMED_GROUPS } from './named-group.ts'
export type { DtlsCounters, DtlsEvent, DtlsOptions, DtlsRole, DtlsState, DtlsVersion } from './options.ts'
export type { Fingerprint } from './peer-certificate.ts'
export { SRTP_PROFILES, type SrtpProfile } from './srtp-profile.ts'
export { CIPHER_SUITES_13 } from './v13/cipher-suite.ts'
