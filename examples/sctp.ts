/**
 * SCTP alone: two associations on a pipe in memory that loses every ninth packet, in virtual time. Messages of many
 * sizes arrive whole and in order; then one side shuts down.
 *
 * An association does no I/O and reads no clock: this program carries what it transmits, and calls `advance` when its
 * deadline has come.
 */

import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { Association } from 'purertc/sctp'

const DELAY = 40
const flying: { at: number; to: 'left' | 'right'; bytes: Uint8Array }[] = []
let now = 0
let sent = 0

const create = (to: 'left' | 'right') =>
  new Association({
    crypto,
    transmit: packet => {
      if (++sent % 9 !== 0) flying.push({ at: now + DELAY, to, bytes: packet.view().slice() })
      packet.release()
    },
  })

const ends = { left: create('right'), right: create('left') }
let received = 0

const drain = () => {
  for (const [name, end] of Object.entries(ends)) {
    end.flush(now)
    for (let event = end.nextEvent(); event !== undefined; event = end.nextEvent()) {
      if (event.type === 'message') received += event.data.length
      else if (event.type !== 'buffered-low') console.log(`${now.toFixed()} ms: ${name} ${event.type}`)
    }
  }
}

const run = (done: () => boolean) => {
  for (drain(); !done(); drain()) {
    now = Math.min(ends.left.deadline, ends.right.deadline, ...flying.map(({ at }) => at))
    for (const packet of flying.filter(({ at }) => at <= now)) {
      flying.splice(flying.indexOf(packet), 1)
      ends[packet.to].receive(packet.bytes, now)
    }
    ends.left.advance(now)
    ends.right.advance(now)
  }
}

// Both sides begin at once, as in WebRTC.
ends.left.connect(now)
ends.right.connect(now)
run(() => ends.left.state === 'established' && ends.right.state === 'established')

let total = 0
for (let size = 1; size <= 1 << 18; size *= 4) {
  ends.left.send(0, 53, new Uint8Array(size), {}, now)
  total += size
}
run(() => received === total)
const { retransmittedChunks, dataChunksSent } = ends.left.counters
console.log(
  `${total} bytes in ${dataChunksSent} chunks, ${retransmittedChunks > 0 ? 'some' : 'none'} of them sent again`,
)

ends.left.shutdown(now)
run(() => ends.left.state === 'closed' && ends.right.state === 'closed')
