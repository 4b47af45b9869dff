/** Shared ports on the platform's own host, for the configuration members `udpMux` and `tcpMux`. */

import { TcpMux, type TcpMuxOptions, UdpMux, type UdpMuxOptions } from '../gather/index.ts'
import { platform } from './platform.ts'

/**
 * Opens one UDP port for any number of connections.
 *
 * @throws (rejects) the platform's error (`code` EADDRINUSE, EACCES, EADDRNOTAVAIL), a TypeError for an address that is
 * none, a RangeError for a port that is none or a machine without addresses.
 */
export const openUdpMux = (options: UdpMuxOptions = {}): Promise<UdpMux> => UdpMux.open(platform.host, options)

/** Opens one TCP port for any number of connections. Rejects as `openUdpMux` does. */
export const openTcpMux = (options: TcpMuxOptions = {}): Promise<TcpMux> => TcpMux.open(platform.host, options)
