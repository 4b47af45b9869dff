/** gather: the candidates of a transport, from this machine's addresses, STUN and TURN servers; and ports that are shared. */

export type { Base, BaseSink, LostSink, PortRange } from './base.ts'
export { BaseTable } from './base-table.ts'
export { Gatherer } from './gatherer.ts'
export type { MuxAddressOptions } from './mux-addresses.ts'
export type {
  AdvertisedAddress,
  GatherError,
  GathererContext,
  GatherOptions,
  GatherServer,
  GatherSink,
  TcpGathering,
} from './options.ts'
export { TcpActiveBase } from './tcp-active.ts'
export { TcpMux, type TcpMuxOptions } from './tcp-mux.ts'
export type { TcpMuxPort } from './tcp-mux-port.ts'
export { openTcpPassiveBase } from './tcp-passive.ts'
export { openTcpSimultaneousBase } from './tcp-simultaneous.ts'
export { openUdpBase, type UdpBaseOptions } from './udp-base.ts'
export { UdpMux, type UdpMuxOptions } from './udp-mux.ts'
export type { UdpMuxPort } from './udp-mux-port.ts'
export type { UnknownRequest, UnknownRequestInfo } from './unknown-requests.ts'
