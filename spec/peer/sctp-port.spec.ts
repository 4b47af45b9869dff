/** `a=sctp-port` in a later description: another port is another association, 0 ends the one there is (RFC 8841, 5.1, 10). */

import t from 'tap'
import { createPair } from '../sim/pair.ts'

const PORT = /a=sctp-port:\d+\r\n/

/** An open channel, and how a connection is told of another port of its peer. */
const open = async () => {
  const pair = createPair({ seed: 61, network: { delay: 5 } })
  const { a, b, sim } = pair
  const channel = a.createDataChannel('x')
  await sim.run(pair.negotiate())
  await sim.run(() => channel.readyState === 'open')
  const hear = async (port: number) => {
    await sim.run(a.setLocalDescription())
    await sim.run(b.setRemoteDescription(a.localDescription!))
    await sim.run(b.setLocalDescription())
    const sdp = b.localDescription!.sdp.replace(PORT, `a=sctp-port:${port}\r\n`)
    await sim.run(a.setRemoteDescription({ type: 'answer', sdp }))
  }
  const close = () => {
    a.close()
    b.close()
  }
  return { ...pair, channel, hear, close }
}

for (const port of [0, 5001]) {
  t.test(`the peer's port is ${port} from now on`, async t => {
    const { a, channel, sim, hear, close } = await open()
    const before = a.sctp!
    await hear(5000)
    t.equal(channel.readyState, 'open', 'the same port changes nothing')
    const told: string[] = []
    channel.onerror = ({ error }) => told.push(error.errorDetail)
    channel.onclose = () => told.push('close')
    before.onstatechange = () => told.push(before.state)
    await hear(port)
    await sim.run(() => channel.readyState === 'closed' && before.state === 'closed')
    t.same(told.toSorted(), ['close', 'closed', 'sctp-failure'])
    t.equal(a.connectionState, 'connected')
    if (port === 0) t.equal(a.sctp, before)
    else {
      await sim.run(() => a.sctp !== before)
      t.equal(a.sctp!.state, 'connecting')
      t.equal(a.sctp!.transport, before.transport)
      t.equal(a.sctp!.maxMessageSize, before.maxMessageSize)
      t.equal(a.createDataChannel('y').readyState, 'connecting')
    }
    close()
  })
}
