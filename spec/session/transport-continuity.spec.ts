/** Whole sessions whose m-sections come and go: the transport that they share goes on (RFC 9143, 7.5), and what flows on it. */

import t from 'tap'
import { type End, onlyVideo, vp8Frame, World } from './media-world.ts'

/** Two sessions with two videos, the second of which flows. */
const create = () => {
  const world = new World(7)
  const [a, b] = world.pair({}, { capabilities: onlyVideo('VP8', true) })
  for (const _ of [0, 1]) a.session.addTransceiver({ kind: 'video', direction: 'sendonly' })
  world.connect(a)
  const got: number[] = []
  const second = a.session.transceivers[1]!
  b.session.link(b.session.transceivers[1]!).onFrame = frame => got.push(frame.data[20]!)
  let number = 0
  const source = {}
  const send = (count: number): number => {
    for (let sent = 0; sent < count; sent++) {
      a.session.link(second).sendFrame(vp8Frame(number, number === 0, 900), source, world.now)
      number++
      world.run(33)
    }
    world.run(200)
    return got.length
  }
  const transports = () => [a, b].map(({ session }) => session.transports)
  return { world, a, b, send, transports, second, got }
}

const offerFrom = (world: World, from: ReturnType<World['pair']>[0]): void => {
  from.offer()
  const { session } = from.peer
  const sdp = session.createAnswer()
  session.setLocalDescription({ type: 'answer', sdp }, world.now)
  from.session.setRemoteDescription({ type: 'answer', sdp }, world.now)
  world.run(500)
}

/** As browsers describe it, who begin another transport where the m-section that carried theirs goes: no candidate of before is shown. */
const beginElsewhere = (world: World, from: End, to: End): void => {
  const bare = (sdp: string): string => sdp.replaceAll(/a=(?:candidate:.*|end-of-candidates)\r\n/g, '')
  from.offer(bare)
  const sdp = to.session.createAnswer()
  to.session.setLocalDescription({ type: 'answer', sdp }, world.now)
  from.session.setRemoteDescription({ type: 'answer', sdp: bare(sdp) }, world.now)
  world.run(2000)
}

const receivedOf = ({ session }: ReturnType<World['pair']>[0]) => {
  const { ssrc, statistics } = session.link(session.transceivers.at(-1)!).receiver!.streams[0]!
  return { ssrc, packetsLost: statistics.packetsLost }
}

t.test('a negotiation that changes nothing loses no frame, and asks for none', t => {
  const { world, a, b, send } = create()
  t.equal(send(3), 3)
  for (const end of [a, b, a]) {
    end.events.length = 0
    offerFrom(world, end)
    send(3)
  }
  t.equal(send(1), 13)
  for (const end of [a, b]) t.same(end.of('key-frame-requested'), [])
  t.end()
})

t.test('the first m-section is stopped, and its place used again: nothing is connected anew', t => {
  const { world, a, b, send, transports, got } = create()
  t.equal(send(5), 5)
  const before = transports()
  const [[ours], [theirs]] = before as [[(typeof before)[0][0]], [(typeof before)[0][0]]]
  for (const end of [a, b]) end.events.length = 0

  a.session.transceivers[0]!.stopping = true
  offerFrom(world, a)
  t.same(
    [a, b].map(({ session }) => session.transceivers.length),
    [1, 1],
  )
  t.equal(send(5), 10)

  a.session.addTransceiver({ kind: 'video' })
  offerFrom(world, a)
  t.equal(send(5), 15)
  b.session.addTransceiver({ kind: 'video' })
  offerFrom(world, b)
  t.equal(send(5), 20)

  t.same(
    got,
    Array.from({ length: 20 }, (_, index) => index),
  )
  const [mine, others] = transports()
  t.equal(mine!.length, 1)
  t.equal(mine![0], ours)
  t.equal(others![0], theirs)
  for (const end of [a, b]) {
    for (const type of ['dtls', 'gather', 'gathering', 'transports'] as const) t.same(end.of(type), [], type)
    t.match(end.session.transports[0], { mid: '0', sdpMid: '1', mLineIndex: 1 })
  }
  t.end()
})

t.test(
  'what flows, flows on where both begin another transport for it: no number is left out, and nobody says BYE',
  t => {
    const { world, a, b, send, transports, got } = create()
    t.equal(send(5), 5)
    const [[ours], [theirs]] = transports() as [[unknown], [unknown]]
    const before = { sender: a.session.link(a.session.transceivers[1]!).sender, ...receivedOf(b) }
    for (const end of [a, b]) end.events.length = 0

    a.session.transceivers[0]!.stopping = true
    beginElsewhere(world, a, b)
    t.same(
      transports().map(list => list.length),
      [1, 1],
    )
    t.not(transports()[0]![0], ours)
    t.not(transports()[1]![0], theirs)
    t.equal(send(5), 10)
    t.same(
      got,
      Array.from({ length: 10 }, (_, index) => index),
    )
    const after = receivedOf(b)
    t.equal(after.ssrc, before.ssrc)
    t.equal(after.packetsLost, 0)
    t.equal(a.session.link(a.session.transceivers[0]!).sender, before.sender)
    for (const end of [a, b]) t.same([...end.of('key-frame-requested'), ...end.of('goodbye')], [])
    t.end()
  },
)

t.test('a restart while another m-section carries it restarts it', t => {
  const { world, a, b, send, transports } = create()
  t.equal(send(3), 3)
  a.session.transceivers[0]!.stopping = true
  offerFrom(world, a)
  const [[ours]] = transports() as [[ReturnType<typeof transports>[0][0]]]
  const before = ours!.ice.localParameters.usernameFragment
  b.session.restartIce()
  for (const end of [a, b]) end.events.length = 0
  offerFrom(world, b)
  t.not(ours!.ice.localParameters.usernameFragment, before)
  const candidates = [...a.of('candidate'), ...b.of('candidate')]
  t.ok(candidates.length > 0)
  for (const { mid, sdpMid, mLineIndex } of candidates) t.same([mid, sdpMid, mLineIndex], ['0', '1', 1])
  t.equal(send(3), 6)
  t.equal(transports()[0]![0], ours)
  for (const end of [a, b]) t.same(end.of('dtls'), [])
  t.end()
})

t.test('one that is to stop sends no more, though an answer keeps its m-section', t => {
  const { world, a, b, send, second } = create()
  t.equal(send(3), 3)
  second.stopping = true
  a.session.link(second).release()
  offerFrom(world, b)
  t.equal(second.currentDirection, 'inactive')
  t.equal(a.session.link(second).sender, undefined)
  t.equal(send(3), 3)
  t.ok(a.session.negotiationNeeded())
  t.end()
})

t.test('an SSRC that had to change is told in the next description', t => {
  const { world, a, b, second, send } = create()
  t.equal(send(3), 3)
  const { ssrc } = second
  t.notOk(a.session.negotiationNeeded())
  // Somebody else has it, too (RFC 3550, 8.2).
  const packet = new Uint8Array(20)
  packet.set([0x80, 96])
  new DataView(packet.buffer).setUint32(8, ssrc)
  b.say(packet, false)
  world.run(100)
  t.match(a.of('ssrc-changed'), [{ transceiver: second }])
  t.not(second.ssrc, ssrc)
  t.ok(a.session.negotiationNeeded())
  offerFrom(world, a)
  t.notOk(a.session.negotiationNeeded())
  const receive = b.session.transceivers[1]!.negotiated?.receive
  t.same(
    receive?.ssrcs.map(each => each.ssrc),
    [second.ssrc, second.rtxSsrc],
  )
  t.end()
})

/** Two sessions with media and a channel, which is open. */
const withChannel = () => {
  const made = create()
  const { world, a, b } = made
  const channel = a.session.createChannel({ label: 'x', protocol: '', ordered: true, negotiated: false })
  offerFrom(world, a)
  const send = (bytes: number) => a.session.send(channel, new Uint8Array(bytes), false, world.now)
  send(1000)
  world.run(500)
  return { world, a, b, channel, send, heard: () => b.of('message').length }
}

t.test('a channel outlives the transport that an answer takes from under it', t => {
  const { world, a, b, channel, send, heard } = withChannel()
  t.equal(heard(), 1)
  a.session.transceivers[0]!.stopping = true
  send(200_000)
  beginElsewhere(world, a, b)
  send(1000)
  world.run(5000)
  t.equal(heard(), 3, 'what was under way comes too')
  t.equal(channel.state, 'open')
  t.equal(a.session.sctp?.transport, a.session.transports[0])
  t.same(a.of('closed'), [])
  t.end()
})

t.test('an association that is aborted before an answer comes that may move it is not over yet', t => {
  for (const comes of [true, false]) {
    const { world, a, b, channel, send } = withChannel()
    if (comes) a.session.transceivers[0]!.stopping = true
    a.session.setLocalDescription({ type: 'offer', sdp: a.session.createOffer() }, world.now)
    b.session.channels.shutdown(world.now)
    world.run(500)
    t.equal(channel.state, comes ? 'open' : 'closed', 'one that does not explain it')
    if (!comes) break
    a.session.setLocalDescription({ type: 'rollback', sdp: '' }, world.now)
    send(10)
    world.run(5000)
    t.equal(channel.state, 'closed', 'the peer has none any more, and says so again')
  }
  t.end()
})

t.test(
  'a transport that the peer closes before its answer names another takes nothing with it before it is known that none is named',
  t => {
    const { world, a, b, channel } = withChannel()
    a.session.transceivers[0]!.stopping = true
    a.session.setLocalDescription({ type: 'offer', sdp: a.session.createOffer() }, world.now)
    b.session.transports[0]!.transport.close(world.now)
    world.run(500)
    t.equal(channel.state, 'open')
    a.session.setLocalDescription({ type: 'rollback', sdp: '' }, world.now)
    world.run(100)
    t.equal(channel.state, 'closed')
    t.end()
  },
)
