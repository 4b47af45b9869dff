/**
 * What a transport that stands may and may not see in the peer's next description: ICE restarts only by both sides
 * (RFC 9429, 5.10), and the same DTLS association, that is certificate, throughout (RFC 8842, 4).
 */

import type { DtlsRole, TransportDescription } from './applied.ts'
import { invalidContent, JsepError } from './error.ts'

export const sameCredentials = (a: TransportDescription, b: TransportDescription): boolean =>
  a.usernameFragment === b.usernameFragment && a.password === b.password

/** Checks an answer's transport against the ones in force; `offered` is ours of the offer that it answers. */
export const verifyRestart = (
  mid: string,
  answered: TransportDescription,
  inForce: { local: TransportDescription; remote: TransportDescription },
  offered: TransportDescription,
): void => {
  const restarting = !sameCredentials(offered, inForce.local)
  const restarted = !sameCredentials(answered, inForce.remote)
  if (restarted && !restarting) throw invalidContent('the answer restarts ICE, which the offer did not', mid)
  if (restarting && !restarted) throw invalidContent('the offer restarts ICE, which the answer does not', mid)
}

/**
 * A new certificate asks for a new DTLS association over the same transport, which would also void the SCTP association
 * on it: such a description cannot be applied.
 */
export const verifyCertificate = (mid: string, stated: TransportDescription, inForce: TransportDescription): void => {
  const known = new Set(inForce.fingerprints.map(({ algorithm, value }) => `${algorithm} ${value}`))
  if (stated.fingerprints.some(({ algorithm, value }) => known.has(`${algorithm} ${value}`))) return
  throw new JsepError(
    'OperationError',
    `m-section ${mid}: the certificate of a standing DTLS association cannot change`,
  )
}

/**
 * The role that an answer gives us, ours or the peer's (RFC 8842, 5.3). A standing association keeps the role it has:
 * pion answers every offer with `active`, werift offers `active` again, and neither means a new association by it.
 */
export const answeredRole = (answer: TransportDescription, side: 'local' | 'remote', standing?: DtlsRole): DtlsRole =>
  standing ?? ((answer.setup === 'active') === (side === 'local') ? 'client' : 'server')

/** The `a=setup` of our answer (RFC 8842, 5.3; RFC 9429, 5.3.1): active where the offer leaves the choice. */
export const answerSetup = (offer: TransportDescription, standing?: DtlsRole): 'active' | 'passive' => {
  const role = standing ?? (offer.setup === 'active' ? 'server' : 'client')
  return role === 'client' ? 'active' : 'passive'
}
