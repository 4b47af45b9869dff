/** The Data Channel Establishment Protocol: OPEN and ACK (RFC 8832 5). */

import { fromUtf8, Reader, utf8, Writer } from '../bytes/index.ts'

const ACK = 0x02
const OPEN = 0x03
const UNORDERED = 0x80
const RELIABLE = 0x00
const LIMITED_RETRANSMITS = 0x01
const LIMITED_LIFETIME = 0x02

export type ChannelPriority = 'very-low' | 'low' | 'medium' | 'high'

/** RFC 8831 6.4 and RFC 8832 8.2.1. */
const PRIORITIES: readonly (readonly [ChannelPriority, number])[] = [
  ['very-low', 128],
  ['low', 256],
  ['medium', 512],
  ['high', 1024],
]

/** What the peer's number stands for: the lowest priority that is not below it (webrtc-priority, 5). */
const priorityOf = (value: number): ChannelPriority => PRIORITIES.find(([, weight]) => value <= weight)?.[0] ?? 'high'

/** The weight of a priority: what the scheduler shares the rate by (RFC 8831 6.4). */
export const priorityWeight = (priority: ChannelPriority): number => PRIORITIES.find(([name]) => name === priority)![1]

/** What DATA_CHANNEL_OPEN says of a channel. */
export interface OpenMessage {
  readonly label: string
  readonly protocol: string
  readonly ordered: boolean
  readonly maxRetransmits?: number | undefined
  /** Milliseconds. */
  readonly maxPacketLifeTime?: number | undefined
  readonly priority: ChannelPriority
}

export type DcepMessage = ({ readonly type: 'open' } & OpenMessage) | { readonly type: 'ack' }

/** Reads a message; undefined when it is malformed, or of a type that is not known. */
export const readDcep = (bytes: Uint8Array): DcepMessage | undefined => {
  const reader = new Reader(bytes)
  const type = reader.u8()
  if (type === ACK && !reader.failed) return { type: 'ack' }
  if (type !== OPEN) return undefined
  const channelType = reader.u8()
  const priorityValue = reader.u16()
  const reliability = reader.u32()
  const labelLength = reader.u16()
  const protocolLength = reader.u16()
  const label = reader.view(labelLength)
  const protocol = reader.view(protocolLength)
  if (reader.failed) return undefined
  const kind = channelType & ~UNORDERED
  if (kind !== RELIABLE && kind !== LIMITED_RETRANSMITS && kind !== LIMITED_LIFETIME) return undefined
  return {
    type: 'open',
    label: fromUtf8(label),
    protocol: fromUtf8(protocol),
    ordered: (channelType & UNORDERED) === 0,
    ...(kind === LIMITED_RETRANSMITS && { maxRetransmits: reliability }),
    ...(kind === LIMITED_LIFETIME && { maxPacketLifeTime: reliability }),
    priority: priorityOf(priorityValue),
  }
}

/** DATA_CHANNEL_OPEN. Label and protocol are at most 65,535 bytes of UTF-8 each. */
export const writeOpen = (open: OpenMessage): Uint8Array => {
  const label = utf8(open.label)
  const protocol = utf8(open.protocol)
  let channelType = open.ordered ? 0 : UNORDERED
  if (open.maxRetransmits !== undefined) channelType |= LIMITED_RETRANSMITS
  else if (open.maxPacketLifeTime !== undefined) channelType |= LIMITED_LIFETIME
  return new Writer(12 + label.length + protocol.length)
    .u8(OPEN)
    .u8(channelType)
    .u16(priorityWeight(open.priority))
    .u32(open.maxRetransmits ?? open.maxPacketLifeTime ?? 0)
    .u16(label.length)
    .u16(protocol.length)
    .bytes(label)
    .bytes(protocol)
    .finish()
}

export const writeAck = (): Uint8Array => new Uint8Array([ACK])
