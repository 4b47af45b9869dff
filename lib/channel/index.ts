/** channel: data channels over SCTP streams (RFC 8831), and their establishment (RFC 8832). */

export {
  type Channel,
  ChannelError,
  type ChannelErrorCode,
  type ChannelOptions,
  type ChannelState,
} from './channel.ts'
export type {
  AssociationPreferences,
  AssociationView,
  ChannelCounters,
  ChannelEvent,
  ConnectOptions,
  DataChannelsOptions,
} from './channel-event.ts'
export { DataChannels } from './data-channels.ts'
export type { ChannelPriority } from './dcep.ts'
