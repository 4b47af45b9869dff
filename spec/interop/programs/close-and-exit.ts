/**
 * The program of `exit.spec.ts`: does what its argument says, and then nothing more. It must end by itself, so it never
 * calls `process.exit`.
 */

import { RTCPeerConnection } from '../../../lib/index.ts'

type Channel = ReturnType<RTCPeerConnection['createDataChannel']>

/** Two connections of this process, connected to each other; a message has gone both ways. */
async function connect(): Promise<[RTCPeerConnection, RTCPeerConnection]> {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()]
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const channel = a.createDataChannel('exit')
  const answer = new Promise<unknown>(resolve => {
    channel.onmessage = ({ data }) => resolve(data)
  })
  b.ondatachannel = ({ channel }: { channel: Channel }) => {
    channel.onmessage = ({ data }) => channel.send(data)
  }
  await a.setLocalDescription()
  if (a.localDescription !== null) await b.setRemoteDescription(a.localDescription)
  await b.setLocalDescription()
  if (b.localDescription !== null) await a.setRemoteDescription(b.localDescription)
  channel.onopen = () => channel.send('there and back')
  console.log(await answer)
  return [a, b]
}

const programs: Record<string, () => unknown> = {
  import: () => {},
  construct: () => new RTCPeerConnection(),
  'close unconnected': async () => {
    const pc = new RTCPeerConnection()
    pc.createDataChannel('never')
    await pc.setLocalDescription()
    pc.close()
  },
  'close both': async () => {
    for (const pc of await connect()) pc.close()
  },
  'close one': async () => {
    const [a, b] = await connect()
    const closed = new Promise(resolve => {
      b.addEventListener('connectionstatechange', resolve)
      const transport = b.sctp?.transport
      if (transport) transport.onstatechange = resolve
    })
    a.close()
    await closed
    b.close()
  },
}

await programs[process.argv[2] ?? '']?.()
console.log('done')
