/** Several threads of one process, each with a UDP port of its own for the connections that it accepts. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { RTCPeerConnection } from '../../../lib/peer/index.ts'

const PROGRAM = new URL('../mux-thread.js', import.meta.url)

interface Answer {
  readonly id: number
  readonly answer: string
}

t.test('two threads accept two connections each', async t => {
  const threads = [new Worker(PROGRAM), new Worker(PROGRAM)]
  const ports = await Promise.all(threads.map(async thread => (await once(thread, 'message'))[0] as number))
  t.not(ports[0], ports[1])

  const answers = new Map<number, (answer: string) => void>()
  for (const thread of threads) thread.on('message', ({ id, answer }: Answer) => answers.get(id)?.(answer))
  const call = async (id: number): Promise<{ connection: RTCPeerConnection; heard: unknown }> => {
    const connection = new RTCPeerConnection({
      includeLoopback: true,
      addressFilter: ({ address }) => address === '127.0.0.1',
      tcpCandidates: [],
    })
    const channel = connection.createDataChannel('x')
    const heard = new Promise(resolve => {
      channel.onmessage = ({ data }) => resolve(data)
    })
    channel.onopen = () => channel.send(`call ${id}`)
    await connection.setLocalDescription()
    // The answering side learns our address by our checks.
    const answered = new Promise<string>(resolve => answers.set(id, resolve))
    threads[id % 2]!.postMessage({ id, offer: connection.localDescription!.sdp })
    await connection.setRemoteDescription({ type: 'answer', sdp: await answered })
    return { connection, heard: await heard }
  }

  const calls = await Promise.all([0, 1, 2, 3].map(call))
  for (const [id, { connection, heard }] of calls.entries()) {
    const port = ports[id % 2]
    t.equal(heard, `call ${id} on port ${port}`)
    t.match(connection.sctp?.transport.iceTransport.getSelectedCandidatePair(), { remote: { port } })
  }
  for (const { connection } of calls) connection.close()
  const ended = threads.map(thread => once(thread, 'exit'))
  for (const thread of threads) thread.postMessage('close')
  t.same(await Promise.all(ended), [[0], [0]], 'nothing holds a thread when it is done')
})
