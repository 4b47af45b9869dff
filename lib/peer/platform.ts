/** The platform as the world of every connection that is given no other. */

import { crypto, host } from '#host'
import { MdnsService } from '../mdns/index.ts'
import type { ConnectionHost } from './host-symbol.ts'

/** One mDNS service for all connections: it opens sockets when a name is asked for or published, and not before. */
export const platform: ConnectionHost = { host, crypto, mdns: new MdnsService(host, crypto.random) }
