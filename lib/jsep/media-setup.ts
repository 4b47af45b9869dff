/** What a negotiation knows of media on our side: shared by the making of offers and answers. */

import type { BundlePolicy } from './bundle.ts'
import type { MediaCapabilities } from './capabilities.ts'
import type { CodecTable } from './codec-table.ts'
import type { Transceiver } from './transceiver.ts'

export interface MediaSetup {
  readonly capabilities: MediaCapabilities
  readonly table: CodecTable
  /** RFC 7022. */
  readonly cname: string
  readonly bundlePolicy: BundlePolicy
  /** In the order in which they were added; those that are stopped are gone. */
  readonly transceivers: readonly Transceiver[]
}
