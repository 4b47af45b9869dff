/**
 * What happens inside a connection: its events as JSON lines, and its packets in the clear for Wireshark, which are written
 * to the file that the first argument names: `node dist/examples/trace.js connection.pcapng`.
 */

import { appendFileSync, writeFileSync } from 'node:fs'
import { RTCPeerConnection } from 'purertc'
import { combineSinks, eventLogSink, pcapngSink } from 'purertc/trace'

const file = process.argv[2]
if (file) writeFileSync(file, '')
let captured = 0
const { timeOrigin } = performance
const trace = combineSinks(
  eventLogSink(line => process.stdout.write(line)),
  pcapngSink(
    bytes => {
      captured += bytes.length
      if (file) appendFileSync(file, bytes)
    },
    { timeOrigin },
  ),
)

const a = new RTCPeerConnection({ trace })
const b = new RTCPeerConnection()
a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
b.ondatachannel = ({ channel }) => {
  channel.onmessage = ({ data }) => channel.send(String(data).toUpperCase())
}
const channel = a.createDataChannel('chat')
channel.onopen = () => channel.send('hello')
channel.onmessage = ({ data }) => {
  console.log(`${data}; ${captured} bytes of pcapng`)
  a.close()
  b.close()
}
await a.setLocalDescription()
await b.setRemoteDescription(a.localDescription!)
await b.setLocalDescription()
await a.setRemoteDescription(b.localDescription!)
