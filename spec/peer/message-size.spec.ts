/** How large messages may be: what descriptions say, what our own buffer holds, and what comes too large (RFC 8841, 6). */

import t from 'tap'
import type { RTCConfiguration } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const MAX = /a=max-message-size:\d+\r\n/

/** Connects, with what `change` makes of `b`'s answer; `a` sends. */
const open = async (a: RTCConfiguration, b: RTCConfiguration, change = (sdp: string) => sdp) => {
  const pair = createPair({ seed: 21, network: { delay: 5 }, a, b })
  const near = pair.a.createDataChannel('x', { negotiated: true, id: 0 })
  const far = pair.b.createDataChannel('x', { negotiated: true, id: 0 })
  const { sim } = pair
  await sim.run(pair.a.setLocalDescription())
  await sim.run(pair.b.setRemoteDescription(pair.a.localDescription!))
  await sim.run(pair.b.setLocalDescription())
  await sim.run(pair.a.setRemoteDescription({ type: 'answer', sdp: change(pair.b.localDescription!.sdp) }))
  await sim.run(() => near.readyState === 'open' && far.readyState === 'open')
  const close = () => {
    pair.a.close()
    pair.b.close()
  }
  return { ...pair, near, far, close, limit: pair.a.sctp!.maxMessageSize }
}

t.test('the smaller of what the peer takes and what our buffer holds', async t => {
  const buffer = 64 << 20
  const cases: [string, number | undefined, string | undefined, number][] = [
    ['as announced', undefined, '100000', 100_000],
    ['nothing is said', undefined, undefined, 65_536],
    ['any size', undefined, '0', buffer],
    ['more than the buffer holds', undefined, '1073741824', buffer],
    ['more than a smaller buffer holds', 5000, '100000', 5000],
    ['any size, and a buffer of its own', 2 ** 31, '0', 2 ** 31],
    ['no bound of the buffer', 0, '1073741824', 2 ** 30],
    ['no bound at all', 0, '0', Number.POSITIVE_INFINITY],
  ]
  for (const [name, sendBufferLimit, size, expected] of cases) {
    const configuration = sendBufferLimit === undefined ? {} : { sctp: { sendBufferLimit } }
    const call = await open(configuration, {}, sdp =>
      sdp.replace(MAX, size === undefined ? '' : `a=max-message-size:${size}\r\n`),
    )
    t.equal(call.limit, expected, name)
    if (Number.isFinite(expected)) {
      const large = new Blob([]) as Blob & { size: number }
      Object.defineProperty(large, 'size', { value: expected + 1 })
      t.throws(() => call.near.send(large), TypeError)
    }
    call.close()
  }
})

t.test('ours is announced, to a gigabyte, and a message of many megabytes arrives', async t => {
  const maxMessageSize = 2 ** 30
  const { a, b, near, far, sim, limit, close } = await open({}, { maxMessageSize })
  t.ok(b.localDescription!.sdp.includes('a=max-message-size:1073741824\r\n'))
  t.ok(a.localDescription!.sdp.includes('a=max-message-size:262144\r\n'))
  t.equal(limit, 64 << 20)
  const message = new Uint8Array(4 << 20).map((_, i) => i * 7)
  let heard: Uint8Array | undefined
  far.onmessage = ({ data }) => {
    heard = new Uint8Array(data as ArrayBuffer)
  }
  near.send(message)
  await sim.run(() => heard !== undefined)
  t.ok(heard!.length === message.length && heard!.every((byte, i) => byte === message[i]))
  t.throws(() => far.send(new Uint8Array(262_145)), TypeError)
  close()
})

t.test('one that is larger than was announced closes its channel, with an error, and no other', async t => {
  const { a, b, near, far, sim, close } = await open({}, { maxMessageSize: 1000 }, sdp =>
    sdp.replace(MAX, 'a=max-message-size:0\r\n'),
  )
  const other = a.createDataChannel('other', { negotiated: true, id: 2 })
  b.createDataChannel('other', { negotiated: true, id: 2 })
  const told: string[] = []
  far.onerror = ({ error }) => told.push(`${error.errorDetail}`)
  far.onclosing = () => told.push('closing')
  far.onclose = () => told.push('close')
  near.onclosing = () => told.push('closing there')
  near.send(new Uint8Array(1000))
  near.send(new Uint8Array(1001))
  await sim.run(() => far.readyState === 'closed' && near.readyState === 'closed')
  t.same(told.toSorted(), ['close', 'closing', 'closing there', 'data-channel-failure'])
  t.ok(told.indexOf('data-channel-failure') < told.indexOf('close'))
  t.equal(other.readyState, 'open')
  close()
})

t.test('a later description may say another size', async t => {
  const { a, b, near, sim, close } = await open({}, {})
  await sim.run(b.setLocalDescription(await sim.run(b.createOffer())))
  const { sdp } = b.localDescription!
  await sim.run(a.setRemoteDescription({ type: 'offer', sdp: sdp.replace(MAX, 'a=max-message-size:500\r\n') }))
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.equal(a.sctp!.maxMessageSize, 500)
  t.throws(() => near.send(new Uint8Array(501)), TypeError)
  near.send(new Uint8Array(500))
  close()
})
