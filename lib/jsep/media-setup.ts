/** What a negotiation knows of media on our side: shared by the making of offers and answers. */

import type { BundlePolicy } from './bundle.ts'
import type { MediaCapabilities } from './capabilities.ts'
import type { CodecTable } from './codec-table.ts'
import type { Transceiver } from './transceiver.ts'

/**
 * Whether header extensions are encrypted where the peer can (RFC 9335; RFC 6904, where it is offered), or must be by RFC 9335
 * (webrtc-extensions, RTCRtpHeaderEncryptionPolicy).
 */
export type HeaderEncryptionPolicy = 'negotiate' | 'require'

export interface MediaSetup {
  readonly capabilities: MediaCapabilities
  readonly table: CodecTable
  /** RFC 7022. */
  readonly cname: string
  readonly bundlePolicy: BundlePolicy
  /** Undefined: they are not. */
  readonly headerEncryption: HeaderEncryptionPolicy | undefined
  /** In the order in which they were added; those that are stopped are gone. */
  readonly transceivers: readonly Transceiver[]
}
