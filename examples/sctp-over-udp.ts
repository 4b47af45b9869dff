/**
 * SCTP over a real UDP socket (RFC 6951), as usrsctp's example programs speak it: a server that echoes on SCTP's port 7,
 * and a client that sends it messages on several streams, ordered and unordered, and then shuts down.
 */

import { crypto, runSctp, type SctpMachineOptions } from 'purertc/net'
import { Association } from 'purertc/sctp'

const ECHO = 7
const create = (options: SctpMachineOptions) => new Association({ crypto, ...options })

const server = await runSctp<Association>(create, {
  listen: {
    port: ECHO,
    accept: peer => {
      console.log(`server: an association with ${peer.address}`)
      return (event, running) => {
        if (event.type === 'message') {
          running.input((sctp, now) => sctp.send(event.streamId, event.ppid, event.data, {}, now))
        } else if (event.type === 'closed') {
          console.log('server: it is over')
          server.close()
        }
      }
    },
  },
})
console.log(`listening on ${server.address}`)

const sizes = [1, 1_000, 100_000]
let left = sizes.length
const client = await runSctp<Association>(create)
client.connect({ address: server.address, port: server.port, remotePort: ECHO }, (event, running) => {
  if (event.type === 'established') {
    running.input((sctp, now) => {
      for (const [streamId, size] of sizes.entries()) {
        sctp.send(streamId, 0, new Uint8Array(size), { unordered: streamId === 1 }, now)
      }
    })
  } else if (event.type === 'message') {
    console.log(`client: ${event.data.length} bytes came back on stream ${event.streamId}`)
    if (--left === 0) running.input((sctp, now) => sctp.shutdown(now))
  } else if (event.type === 'closed') {
    client.close()
  }
})
