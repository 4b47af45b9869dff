/** Whose handshakes the bench compares, by version and group, and which of them can be measured here. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What a case is measured by: a module here, or a program of the system's Python. */
type Way = 'purertc' | 'werift' | 'node-tls' | 'openssl'

export interface HandshakeCase {
  readonly name: string
  readonly way: Way
  readonly version: '1.2' | '1.3'
  /** By its registry name, in lower case. Werift takes no setting: it prefers this one. */
  readonly group: 'x25519' | 'secp256r1' | 'x25519mlkem768'
}

export const CASES = [
  { name: 'purertc 1.2 x25519', way: 'purertc', version: '1.2', group: 'x25519' },
  { name: 'purertc 1.3 x25519', way: 'purertc', version: '1.3', group: 'x25519' },
  { name: 'purertc 1.3 x25519mlkem768', way: 'purertc', version: '1.3', group: 'x25519mlkem768' },
  { name: 'werift 1.2 x25519', way: 'werift', version: '1.2', group: 'x25519' },
  { name: 'OpenSSL 1.2 x25519', way: 'openssl', version: '1.2', group: 'x25519' },
  { name: 'OpenSSL 1.2 secp256r1', way: 'openssl', version: '1.2', group: 'secp256r1' },
  { name: 'node:tls 1.3 x25519', way: 'node-tls', version: '1.3', group: 'x25519' },
  { name: 'node:tls 1.3 x25519mlkem768', way: 'node-tls', version: '1.3', group: 'x25519mlkem768' },
] as const satisfies readonly HandshakeCase[]

export type CaseName = (typeof CASES)[number]['name']

/** The case that the others are compared with. */
export const OURS: CaseName = 'purertc 1.2 x25519'

/** The Python that Debian's packages are for; there may be others before it in the path. */
export const PYTHON = '/usr/bin/python3'

/** The first OpenSSL that has ML-KEM. */
const hasMlKem = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 5)
}

/** Why a case cannot be measured here; undefined when it can. */
export function unavailable({ way, group }: HandshakeCase): string | undefined {
  if (way === 'werift' && !existsSync('node_modules/werift')) return 'werift is not installed'
  if (way === 'openssl' && spawnSync(PYTHON, ['-c', 'import OpenSSL']).status !== 0) {
    return "Debian's python3-openssl is not installed"
  }
  const { openssl } = process.versions
  if (way === 'node-tls' && group === 'x25519mlkem768' && !hasMlKem(openssl)) {
    return `Node ${process.version} has OpenSSL ${openssl}, and ML-KEM is in those from 3.5 on`
  }
  return undefined
}
