/** A thread that answers offers on a UDP port of its own, and says on every channel which port that is. */

import { parentPort } from 'node:worker_threads'
import { openUdpMux, RTCPeerConnection } from '../../lib/peer/index.ts'

const udpMux = await openUdpMux({ addresses: ['127.0.0.1'] })
const connections: RTCPeerConnection[] = []

const answer = async (offer: string): Promise<string> => {
  const connection = new RTCPeerConnection({ udpMux, tcpCandidates: [] })
  connections.push(connection)
  connection.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`${data} on port ${udpMux.port}`)
  }
  await connection.setRemoteDescription({ type: 'offer', sdp: offer })
  await connection.setLocalDescription()
  // With a shared port there is nothing to wait for but the task that tells it.
  while (connection.iceGatheringState !== 'complete') {
    await new Promise(resolve => connection.addEventListener('icegatheringstatechange', resolve, { once: true }))
  }
  return connection.localDescription!.sdp
}

parentPort?.on('message', async (message: { id: number; offer: string } | 'close') => {
  if (message !== 'close') return parentPort?.postMessage({ id: message.id, answer: await answer(message.offer) })
  for (const connection of connections) connection.close()
  udpMux.close()
  parentPort?.close()
})
parentPort?.postMessage(udpMux.port)
