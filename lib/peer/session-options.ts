/** What the session of a connection is made with, by its configuration and its world. */

import type { SessionOptions } from '../session/index.ts'
import type { Callbacks } from './callbacks.ts'
import type { Configuration } from './configuration.ts'
import { type DtlsConfiguration, dtlsPreferences } from './dtls-configuration.ts'
import { type SctpConfiguration, sctpPreferences } from './sctp-configuration.ts'

/** @param given What is the connection's own: its certificates, its way to the sockets. */
export const sessionOptions = (
  given: Pick<SessionOptions, 'crypto' | 'certificates' | 'transmit' | 'timeOrigin'>,
  configuration: Configuration,
  callbacks: Callbacks,
): SessionOptions => {
  const { maxMessageSize, mtu, iceLite, iceCredentials, fingerprintAlgorithms, acceptCertificate } = configuration
  const { bundlePolicy, rtpHeaderEncryptionPolicy, udpMux, tcpMux } = configuration
  const trace = callbacks.trace(configuration)
  return {
    ...given,
    bundlePolicy,
    distinctIceCredentials: udpMux !== undefined || tcpMux !== undefined,
    dtls: {
      ...dtlsPreferences(configuration as DtlsConfiguration),
      ...(acceptCertificate && { acceptCertificate: callbacks.accepts(acceptCertificate) }),
    },
    sctp: sctpPreferences(configuration as SctpConfiguration),
    ...(maxMessageSize !== undefined && { maxMessageSize }),
    ...(rtpHeaderEncryptionPolicy && { headerEncryption: rtpHeaderEncryptionPolicy }),
    ...(mtu !== undefined && { mtu }),
    ...(trace && { trace }),
    ...(iceLite !== undefined && { iceLite }),
    ...(iceCredentials && { iceParameters: iceCredentials }),
    ...(fingerprintAlgorithms && { fingerprintHashes: fingerprintAlgorithms }),
  }
}
