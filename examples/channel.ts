/**
 * Data channels alone: two ends on a pipe in memory, in virtual time. One opens a channel, the other echoes what comes,
 * and the first closes it.
 */

import { fromUtf8, utf8 } from 'purertc/bytes'
import { type Channel, DataChannels } from 'purertc/channel'
import { nodeCrypto as crypto } from 'purertc/crypto/node'

type Name = 'client' | 'server'
const DELAY = 20
const flying: { to: Name; bytes: Uint8Array }[] = []
let now = 0

const create = (to: Name) =>
  new DataChannels({
    crypto,
    transmit: packet => {
      flying.push({ to, bytes: packet.view().slice() })
      packet.release()
    },
  })

const ends = { client: create('server'), server: create('client') }

/** Tells what happened on one end, and lets the server echo. */
const drain = (name: Name) => {
  const end = ends[name]
  end.flush(now)
  for (let event = end.nextEvent(); event !== undefined; event = end.nextEvent()) {
    const at = `${now} ms: ${name}`
    switch (event.type) {
      case 'association':
        console.log(`${at} ${event.state}`)
        break
      case 'incoming':
        console.log(
          `${at} is offered "${event.channel.label}", id ${event.channel.id}, ordered ${event.channel.ordered}`,
        )
        break
      case 'message':
        console.log(`${at} got "${fromUtf8(event.data)}"`)
        if (name === 'server') end.send(event.channel, event.data, event.text, now)
        break
      default:
        console.log(`${at} ${event.type}`)
    }
    end.flush(now)
  }
}

const run = (done: () => boolean) => {
  for (;;) {
    drain('client')
    drain('server')
    if (done()) return
    now += DELAY
    for (const { to, bytes } of flying.splice(0)) ends[to].receive(bytes, now)
  }
}

// A channel may be made before the association is up; it opens by itself.
const channel: Channel = ends.client.create({
  label: 'greetings',
  protocol: '',
  ordered: false,
  maxRetransmits: 3,
  negotiated: false,
})

// What signalling and DTLS would have settled: ports, the largest message, and who has the even ids.
const settled = { localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 262_144 }
ends.client.connect({ role: 'client', ...settled }, now)
ends.server.connect({ role: 'server', ...settled }, now)
run(() => channel.state === 'open')

ends.client.send(channel, utf8('hello'), true, now)
run(() => channel.messagesReceived === 1)

ends.client.close(channel, now)
run(() => channel.state === 'closed' && ends.server.list.length === 0)
