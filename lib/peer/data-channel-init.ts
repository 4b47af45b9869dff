/** The arguments of `createDataChannel` and the checks on them (webrtc-pc, 6.1; webrtc-priority, 5). */

import { utf8 } from '../bytes/index.ts'
import type { ChannelOptions } from '../channel/index.ts'
import {
  boolean,
  defaulted,
  dictionary,
  enforcedUnsignedShort,
  enumeration,
  optional,
  USVString,
} from '../idl/index.ts'

export type RTCPriorityType = 'very-low' | 'low' | 'medium' | 'high'

export interface RTCDataChannelInit {
  /** False lets messages overtake each other. */
  ordered?: boolean
  /** Milliseconds for which a message is sent and sent again; from 0 to 65535. Not together with `maxRetransmits`. */
  maxPacketLifeTime?: number
  /** How often a message is sent again; from 0 to 65535. */
  maxRetransmits?: number
  /** The name of a sub-protocol: at most 65535 bytes in UTF-8. */
  protocol?: string
  /** True when both sides create the channel themselves, with the same `id`. */
  negotiated?: boolean
  /** From 0 to 65534; for negotiated channels only. */
  id?: number
  priority?: RTCPriorityType
}

const RTCDataChannelInitDictionary = dictionary('RTCDataChannelInit', {
  id: optional(enforcedUnsignedShort),
  maxPacketLifeTime: optional(enforcedUnsignedShort),
  maxRetransmits: optional(enforcedUnsignedShort),
  negotiated: defaulted(boolean, () => false),
  ordered: defaulted(boolean, () => true),
  priority: defaulted(
    enumeration<RTCPriorityType>('RTCPriorityType', ['very-low', 'low', 'medium', 'high']),
    (): RTCPriorityType => 'low',
  ),
  protocol: defaulted(USVString, () => ''),
})

/** Bytes of a label or protocol: their length field in DCEP has 16 bits (RFC 8832, 5.1). */
const LONGEST_NAME = 65535
/** One past the largest stream id: 65535 is reserved (RFC 8832, 6). */
const ID_LIMIT = 65535

/** Converts the arguments of `createDataChannel`. */
export const convertDataChannelInit = (
  label: unknown,
  init: unknown,
  context: string,
): { label: string; init: ReturnType<typeof RTCDataChannelInitDictionary> } => ({
  label: USVString(label, context),
  init: RTCDataChannelInitDictionary(init, context),
})

/** Checks converted arguments, in the order of webrtc-pc; throws a TypeError. */
export const channelOptions = (
  { label, init }: ReturnType<typeof convertDataChannelInit>,
  context: string,
): ChannelOptions => {
  const { ordered, protocol, negotiated, priority, maxPacketLifeTime, maxRetransmits } = init
  const id = negotiated ? init.id : undefined
  const check = (right: boolean, what: string): void => {
    if (!right) throw new TypeError(`${context}: ${what}`)
  }
  check(utf8(label).length <= LONGEST_NAME, 'The label is longer than 65535 bytes.')
  check(utf8(protocol).length <= LONGEST_NAME, 'The protocol is longer than 65535 bytes.')
  check(!negotiated || id !== undefined, 'A negotiated channel needs an id.')
  check(
    maxPacketLifeTime === undefined || maxRetransmits === undefined,
    'maxPacketLifeTime and maxRetransmits cannot both be set.',
  )
  check(id === undefined || id < ID_LIMIT, 'The id must be less than 65535.')
  return {
    label,
    protocol,
    ordered,
    negotiated,
    priority,
    ...(id !== undefined && { id }),
    ...(maxPacketLifeTime !== undefined && { maxPacketLifeTime }),
    ...(maxRetransmits !== undefined && { maxRetransmits }),
  }
}
