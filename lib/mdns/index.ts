/** mdns: multicast DNS as ICE needs it, names in place of addresses (RFC 6762, draft-ietf-mmusic-mdns-ice-candidates). */

export {
  type AddressRecord,
  decodeMessage,
  encodeMessage,
  type MdnsMessage,
  type Question,
  recordType,
} from './message.ts'
export { concealingName, isConcealingName } from './name.ts'
export { MdnsResolver, type ResolverCounters, type ResolverEvent } from './resolver.ts'
export { MDNS_PORT, MdnsResponder, type MdnsTransmit, type ResponderCounters } from './responder.ts'
export { MdnsError, type MdnsOptions, MdnsService } from './service.ts'
