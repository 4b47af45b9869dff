/** node-datachannel by its own API, which costs it less than the W3C face that it also has. */

import { type BenchChannel, Inbox, type Link, type Role, type Signal, type Stack } from './stack.ts'

export const nodeDatachannel: Stack = {
  name: 'node-datachannel',
  async connect(role: Role, link: Link, count = 1): Promise<BenchChannel> {
    const { PeerConnection } = await import('node-datachannel')
    const pc = new PeerConnection('bench', { iceServers: [], maxMessageSize: 262_144 })
    // Candidates may come before the description that they belong to, and are then refused on the other side.
    const held: Signal[] = []
    let described = false
    pc.onLocalDescription((sdp, type) => {
      link.tell({ description: { type, sdp } })
      described = true
      for (const signal of held.splice(0)) link.tell(signal)
    })
    pc.onLocalCandidate((candidate, mid) => {
      const signal = { candidate: { candidate, mid } }
      if (described) link.tell(signal)
      else held.push(signal)
    })
    type Channel = ReturnType<typeof pc.createDataChannel>
    const inbox = new Inbox()
    const channels: Channel[] = []
    const opened = new Promise<void>(resolve => {
      let open = 0
      const wait = (channel: Channel) => {
        const number = Number(channel.getLabel())
        channels[number] = channel
        channel.onMessage(message => {
          if (typeof message === 'string') return
          inbox.deliver(message instanceof ArrayBuffer ? new Uint8Array(message) : message, number)
        })
        const isOpen = () => {
          if (++open === count) resolve()
        }
        if (channel.isOpen()) isOpen()
        else channel.onOpen(isOpen)
      }
      if (role === 'answerer') pc.onDataChannel(wait)
      else for (let i = 0; i < count; i++) wait(pc.createDataChannel(String(i)))
    })
    link.listen(({ description, candidate }) => {
      if (description !== undefined) pc.setRemoteDescription(description.sdp, description.type as 'offer' | 'answer')
      if (candidate !== undefined) pc.addRemoteCandidate(String(candidate.candidate), String(candidate.mid))
    })
    await opened
    return {
      send: (bytes, channel = 0) => {
        // False means that it waits in the library's queue, which has no limit.
        channels[channel]?.sendMessageBinary(bytes)
      },
      receive: listener => inbox.listen(listener),
      close: () => pc.close(),
    }
  },
}
