/**
 * Sending without a callback: what the platform has not taken keeps its buffer, errors are told late but told, and the
 * last words of a connection leave behind what waits. The platform is a stand-in, since loopback never makes anyone wait.
 */

import type { Socket } from 'node:dgram'
import t from 'tap'
import { PacketPool } from '../../lib/bytes/index.ts'
import { UdpSocket } from '../../lib/net/udp.ts'

type Sent = (error: unknown) => void

/** A dgram socket of the platform's: takes nothing while it is `stuck`, and then all that waits, in order. */
class StandIn {
  stuck = false
  closed = false
  /** Lengths of what has left; -1 for what was lost because the socket was closed before. */
  readonly left: number[] = []
  readonly #waiting: { length: number; sent: Sent | undefined }[] = []
  error: unknown

  address() {
    return { address: '127.0.0.1', port: 4000, family: 'IPv4' }
  }

  on(): this {
    return this
  }

  off(): this {
    return this
  }

  send(bytes: Uint8Array, _port: number, _address: string, sent?: Sent): void {
    if (this.closed) throw new Error('ERR_SOCKET_DGRAM_NOT_RUNNING')
    this.#waiting.push({ length: bytes.length, sent })
    if (!this.stuck) this.flow()
  }

  getSendQueueCount(): number {
    return this.#waiting.length
  }

  flow(): void {
    this.stuck = false
    for (const { length, sent } of this.#waiting.splice(0)) {
      this.left.push(length)
      sent?.(this.error)
    }
  }

  close(): void {
    this.closed = true
    for (const _ of this.#waiting.splice(0)) this.left.push(-1)
  }
}

const open = () => {
  const platform = new StandIn()
  const codes: string[] = []
  const socket = new UdpSocket(platform as unknown as Socket, {
    address: '127.0.0.1',
    receive: () => {},
    failed: code => codes.push(code),
  })
  const pool = new PacketPool(1200, 64)
  const seen = new Set<Uint8Array>()
  /** Sends a packet of the pool; false when its buffer is one that was used before. */
  const send = (length: number): boolean => {
    const packet = pool.take()
    const fresh = !seen.has(packet.bytes)
    seen.add(packet.bytes)
    packet.end = packet.start + length
    socket.send(packet, '127.0.0.1', 9)
    return fresh
  }
  return { platform, socket, codes, send }
}

t.test('what the platform takes at once gives its buffer back at once', async t => {
  const { platform, send } = open()
  t.ok(send(1200))
  for (let i = 0; i < 50; i++) t.notOk(send(1200))
  t.equal(platform.left.length, 51)
})

t.test('a buffer is not used again while its packet waits for the platform, nor is it torn from it later', async t => {
  const { platform, send } = open()
  platform.stuck = true
  for (let i = 0; i < 40; i++) t.ok(send(1200), 'each of those that wait has a buffer of its own')
  platform.flow()
  t.equal(platform.left.length, 40)
  // Of those with a callback the buffers came back; of the others none is used while it may still be read.
  let again = 0
  for (let i = 0; i < 10; i++) if (!send(1200)) again++
  t.ok(again > 0)
})

t.test('a path that fails is told of within sixteen packets, and of every small one', async t => {
  const { platform, send, codes } = open()
  platform.error = Object.assign(new Error(), { code: 'ENETUNREACH' })
  for (let i = 0; i < 16; i++) send(1200)
  t.same(codes, ['ENETUNREACH'])
  for (let i = 0; i < 3; i++) send(60)
  t.equal(codes.length, 4)
  for (let i = 0; i < 160; i++) send(1200)
  t.equal(codes.length, 14)
})

t.test('the last words leave behind bulk that waits, and the platform is closed only then', async t => {
  const { platform, socket, send } = open()
  platform.stuck = true
  for (let i = 0; i < 5; i++) send(1200)
  send(40)
  socket.close()
  t.notOk(platform.closed)
  platform.flow()
  t.ok(platform.closed)
  t.same(platform.left, [1200, 1200, 1200, 1200, 1200, 40])
})

t.test('bulk alone that waits leaves too before the platform is closed', async t => {
  const { platform, socket, send } = open()
  platform.stuck = true
  for (let i = 0; i < 5; i++) send(1200)
  socket.close()
  platform.flow()
  for (let i = 0; i < 100 && !platform.closed; i++) await new Promise(resolve => setTimeout(resolve, 1))
  t.ok(platform.closed)
  t.same(platform.left, [1200, 1200, 1200, 1200, 1200])
})

t.test('a platform that never takes what waits does not keep the socket for ever', async t => {
  const { platform, socket, send } = open()
  platform.stuck = true
  send(1200)
  socket.close()
  for (let i = 0; i < 3000 && !platform.closed; i++) await new Promise(resolve => setTimeout(resolve, 1))
  t.ok(platform.closed)
  t.same(platform.left, [-1])
})
