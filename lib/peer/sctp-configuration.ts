/**
 * What a configuration says of SCTP beyond webrtc-pc: how data is paced and shared out, which extensions are offered,
 * how large datagrams may become, and the bounds of what is kept. All additions, fixed at construction.
 */

import {
  boolean,
  type Conversion,
  dictionary,
  enforcedUnsignedLong,
  enforcedUnsignedLongLong,
  enforcedUnsignedShort,
  enumeration,
  optional,
} from '../idl/index.ts'
import type { CongestionControlName, SchedulerName, SctpPreferences } from '../session/index.ts'

export type RTCSctpCongestionControl = CongestionControlName
export type RTCSctpScheduler = SchedulerName

/** The SCTP association under the data channels (RFC 9260, RFC 8831). A member that is left out is as said here. */
export interface RTCSctpConfiguration {
  /**
   * What bounds the data in flight: `standard` (RFC 9260, 7.2; the default), `cubic` (RFC 9438), or `bbr`, which models
   * the path's rate, so that random loss alone does not slow it down.
   */
  congestionControl?: RTCSctpCongestionControl
  /**
   * Whose message is sent next (RFC 8260, 3): `weighted-fair` shares the rate by the channels' priorities (the default),
   * `priority` serves a higher one first, `round-robin` takes turns.
   */
  scheduler?: RTCSctpScheduler
  /** Whether messages may be interleaved (I-DATA, RFC 8260) where the peer can do that too. True by default. */
  interleaving?: boolean
  /**
   * Whether the peer is told that it may leave out checksums (RFC 9653), since DTLS finds what is damaged. False by
   * default: there are peers that refuse what they do not know. Towards one that says so itself we always leave them out.
   */
  zeroChecksum?: boolean
  /**
   * Whether to find out how large datagrams may be (RFC 8899). True by default, unless `mtu` is given. A number is the
   * largest datagram to try, in bytes of UDP payload: 576 to 16,384. Where it is not given that is 1,472 for IPv4 and
   * 1,452 for IPv6 (an Ethernet), less what relays take, and 16,384 towards an address of this host or over TCP. Never is
   * more than an Ethernet carries tried towards a peer whose description does not say that it takes more
   * (`a=x-purertc-largest-datagram:<bytes> <ufrag>`, which ours always does): a larger datagram ends browsers' DTLS.
   */
  pathMtuDiscovery?: boolean | number
  /**
   * Whether descriptions carry the beginning of the association (`a=sctp-init`, draft-hancke-tsvwg-snap), so that it is
   * up as soon as DTLS is, where the peer does the same. False by default.
   */
  snap?: boolean
  /**
   * Bytes that the peer may send ahead of what is missing, and ahead of what a reader of `readable` has taken: 1,500 to
   * 4,294,967,295; 5 MiB by default.
   */
  receiveWindow?: number
  /**
   * Bytes that may wait to be sent, on all channels together, before `send` throws `OperationError`: 64 MiB by default; 0
   * for no bound. It bounds the size of a message too, which `sctp.maxMessageSize` says: one of up to that size is taken
   * whenever nothing else waits.
   */
  sendBufferLimit?: number
  /** How many channels there can be at a time, as far as we are concerned: 1 to 65,535, the default. */
  maxChannels?: number
}

/** The member of RTCConfiguration that is read here. */
export interface SctpConfiguration {
  /** Addition: the SCTP association under the data channels. */
  sctp?: RTCSctpConfiguration
}

/** Bytes: the smallest datagram that every IPv4 path carries (RFC 1122, 3.3.2), and the largest that is tried. */
const DATAGRAMS = { smallest: 576, largest: 16_384 } as const
/** Bytes: RFC 9260, 3.3.2. */
const SMALLEST_WINDOW = 1500

const booleanOrLong: Conversion<boolean | number> = (value, context) =>
  typeof value === 'number' ? enforcedUnsignedLong(value, context) : boolean(value, context)

export const sctpMembers = {
  sctp: optional(
    dictionary('RTCSctpConfiguration', {
      congestionControl: optional(
        enumeration<RTCSctpCongestionControl>('RTCSctpCongestionControl', ['standard', 'cubic', 'bbr']),
      ),
      interleaving: optional(boolean),
      maxChannels: optional(enforcedUnsignedShort),
      pathMtuDiscovery: optional(booleanOrLong),
      receiveWindow: optional(enforcedUnsignedLong),
      scheduler: optional(
        enumeration<RTCSctpScheduler>('RTCSctpScheduler', ['weighted-fair', 'priority', 'round-robin']),
      ),
      sendBufferLimit: optional(enforcedUnsignedLongLong),
      snap: optional(boolean),
      zeroChecksum: optional(boolean),
    }),
  ),
}

/** Throws a TypeError for what the types alone do not exclude. */
export const checkSctpConfiguration = ({ sctp }: SctpConfiguration, context: string): void => {
  if (sctp === undefined) return
  const { maxChannels, pathMtuDiscovery, receiveWindow } = sctp
  const check = (right: boolean, what: string): void => {
    if (!right) throw new TypeError(`${context}: sctp.${what}.`)
  }
  const { smallest, largest } = DATAGRAMS
  check(maxChannels !== 0, 'maxChannels must be at least 1')
  check(
    typeof pathMtuDiscovery !== 'number' || (pathMtuDiscovery >= smallest && pathMtuDiscovery <= largest),
    `pathMtuDiscovery must be true, false, or ${smallest} to ${largest} bytes`,
  )
  check(
    receiveWindow === undefined || receiveWindow >= SMALLEST_WINDOW,
    `receiveWindow must be at least ${SMALLEST_WINDOW}`,
  )
}

/** What a configuration that was checked asks of SCTP. */
export const sctpPreferences = ({ sctp = {} }: SctpConfiguration): SctpPreferences => {
  const { sendBufferLimit, ...others } = sctp
  if (sendBufferLimit === undefined) return others
  return { ...others, sendBufferLimit: sendBufferLimit === 0 ? Number.POSITIVE_INFINITY : sendBufferLimit }
}
