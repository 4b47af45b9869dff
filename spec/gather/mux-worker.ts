/** A thread with a shared UDP port of its own, which sends back whatever comes for its connection. */

import { parentPort } from 'node:worker_threads'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import { host } from '../../lib/net/index.ts'
import { packet } from './checks.ts'

const mux = await UdpMux.open(host, { addresses: ['127.0.0.1'] })
const share = mux.ports[0]!.share({
  receive: (bytes, address, port) => share.send(packet(bytes), address, port),
})
share.fragments(['frag'])
parentPort?.once('message', () => mux.close())
parentPort?.postMessage(mux.port)
