/** A thousand connections on one UDP port in one process, over real sockets: all open, each hears its own peer. */

import t from 'tap'
import { openUdpMux, type RTCDataChannel, RTCPeerConnection } from '../../../lib/peer/index.ts'

const CONNECTIONS = 1000
/** How many are made at a time: the platform's buffers hold a few hundred datagrams. */
const AT_ONCE = 20

const opened = (channel: RTCDataChannel): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.onopen = () => resolve()
    channel.onclose = () => reject(new Error('closed before it was open'))
  })

t.test('a thousand connections on one port', async t => {
  const udpMux = await openUdpMux({ addresses: ['127.0.0.1'] })
  // The peers have a socket each: data is told apart by the addresses that it comes from.
  const peerOnly = {
    includeLoopback: true,
    addressFilter: ({ address }: { address: string }) => address === '127.0.0.1',
  }
  const generate = () => RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
  const [ourCertificate, peerCertificate] = await Promise.all([generate(), generate()])
  const connections: RTCPeerConnection[] = []

  const connect = async (index: number): Promise<RTCDataChannel> => {
    const ours = new RTCPeerConnection({ udpMux, tcpCandidates: [], certificates: [ourCertificate] })
    const peer = new RTCPeerConnection({ ...peerOnly, tcpCandidates: [], certificates: [peerCertificate] })
    connections.push(ours, peer)
    // Either side is the first half of the time.
    const [offerer, answerer] = index % 2 === 0 ? [ours, peer] : [peer, ours]
    offerer.onicecandidate = ({ candidate }) => void answerer.addIceCandidate(candidate)
    answerer.onicecandidate = ({ candidate }) => void offerer.addIceCandidate(candidate)
    answerer.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.send(`${data} heard by ${index}`)
    }
    const channel = offerer.createDataChannel('x')
    const open = opened(channel)
    await offerer.setLocalDescription()
    await answerer.setRemoteDescription(offerer.localDescription!)
    await answerer.setLocalDescription()
    await offerer.setRemoteDescription(answerer.localDescription!)
    await open
    return channel
  }

  const channels: RTCDataChannel[] = []
  while (channels.length < CONNECTIONS) {
    const first = channels.length
    channels.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => connect(first + i)))))
  }
  t.match(udpMux.ports[0]!.usage, { shares: CONNECTIONS, overBound: 0 })

  const answers: unknown[] = []
  for (const [index, channel] of channels.entries()) {
    const answer = new Promise(resolve => {
      channel.onmessage = ({ data }) => resolve(data)
    })
    channel.send(`message ${index}`)
    // Not all at once: what is measured is not the platform's buffer.
    answers.push(await answer)
  }
  t.strictSame(
    answers,
    channels.map((_, index) => `message ${index} heard by ${index}`),
  )
  t.equal(connections.filter(({ connectionState }) => connectionState === 'connected').length, 2 * CONNECTIONS)
  t.match(udpMux.counters, { malformed: 0, fragmentConflicts: 0, socketErrors: 0 })

  for (const connection of connections) connection.close()
  await new Promise(resolve => setImmediate(resolve))
  t.match(udpMux.ports[0]!.usage, { shares: 0, fragments: 0, addresses: 0 })
  udpMux.close()
})
