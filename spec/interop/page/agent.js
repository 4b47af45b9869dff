/**
 * One end of an interop test, on the W3C API alone and in plain JavaScript, so that the same file runs in a browser's
 * page, in a child process around another stack, and in the spec's own process around ours.
 *
 * The spec calls methods by name; arguments and results are JSON. What the other end must be told (descriptions and
 * candidates, in the order in which they came about) is taken with `next()`. Every wait has a limit and says, when it
 * is over, what was waited for and how things stood.
 */

/** @typedef {{ kind: 'text' | 'binary', size: number, seed: number }} MessageSpec `size` is in bytes, as UTF-8 for text */
/** @typedef {{ kind: 'text' | 'binary', size: number, sha256: string }} MessageDigest */
/** @typedef {{ connection: string, description?: object, candidate?: object | null, error?: string }} Signal */

/** Longest wait for anything, in milliseconds. */
const PATIENCE = 15_000
/** Longest wait for a bulk transfer, in milliseconds. */
const BULK_PATIENCE = 150_000
/** How often a condition is looked at, in milliseconds. */
const INTERVAL = 5
/** Sending pauses while more than this is buffered, in bytes. */
const HIGH_WATER = 1 << 20

const ALPHABET = 'The quick brown fox äöü ßÆ Žluťoučký Ελληνικά 漢字かな交じり文 𝄞🎉 '

const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const utf8 = new TextEncoder()

/** Text of exactly `size` bytes in UTF-8, with characters of one to four bytes. */
function makeText(size, seed) {
  const characters = [...ALPHABET]
  const parts = []
  let left = size
  for (let i = seed; left > 0; i++) {
    const character = characters[i % characters.length]
    const length = utf8.encode(character).length
    parts.push(length <= left ? character : '.')
    left -= length <= left ? length : 1
  }
  return parts.join('')
}

function makeBytes(size, seed) {
  const bytes = new Uint8Array(size)
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

const makeMessage = ({ kind, size, seed }) => (kind === 'text' ? makeText(size, seed) : makeBytes(size, seed))

/** @returns {Promise<MessageDigest>} */
async function digest(data) {
  const text = typeof data === 'string'
  const bytes = text ? utf8.encode(data) : new Uint8Array(data)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const sha256 = [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')
  return { kind: text ? 'text' : 'binary', size: bytes.length, sha256 }
}

/** Messages without end, of which a hash remains that each of them and their order go into. */
class Chain {
  bytes = 0
  messages = 0
  #hash = Promise.resolve(new Uint8Array(32))

  add(data) {
    const bytes = new Uint8Array(data)
    this.bytes += bytes.length
    this.messages++
    this.#hash = this.#hash.then(async before => {
      const both = new Uint8Array(before.length + bytes.length)
      both.set(before)
      both.set(bytes, before.length)
      return new Uint8Array(await crypto.subtle.digest('SHA-256', both))
    })
  }

  async digest() {
    const hash = await this.#hash
    const sha256 = [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')
    return { bytes: this.bytes, messages: this.messages, sha256 }
  }
}

class ChannelEnd {
  /** Digests of what came, in order. @type {Promise<MessageDigest>[]} */
  received = []
  /** The names of the events that came, but for messages. @type {string[]} */
  events = []
  echo = false
  /** Digests of what `flow` has sent. @type {Promise<MessageDigest>[]} */
  flowed = []
  flowing = false
  /** Settles when the flow has stopped. @type {Promise<void> | undefined} */
  flow = undefined
  /** What came in bulk, once it is expected: each hash is over the one before and the next message. */
  sink = undefined

  constructor(channel, tell, arrived) {
    this.channel = channel
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }) => {
      if (this.sink !== undefined) {
        this.sink.add(data)
        return
      }
      this.received.push(digest(data))
      arrived()
      if (!this.echo) return
      try {
        channel.send(data)
      } catch (error) {
        tell({ error: `echo on '${channel.label}': ${error}` })
      }
    })
    for (const type of ['open', 'closing', 'close', 'error']) {
      channel.addEventListener(type, () => this.events.push(type))
    }
  }

  async send(data) {
    // What waits in a channel that has closed waits for ever.
    while (this.channel.bufferedAmount > HIGH_WATER && this.channel.readyState === 'open') await sleep(INTERVAL)
    this.channel.send(data)
  }
}

/** Sends back what comes, and closes the channel when it is told to. */
const oblige = channel => {
  channel.addEventListener('message', ({ data }) => {
    if (data === 'close') channel.close()
    else channel.send(data)
  })
}

/** Resolves with the next event of this type; rejects when it takes too long. */
const once = (target, type, what) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE} ms for '${type}' of ${what}`)), PATIENCE)
    const listener = event => {
      clearTimeout(timer)
      target.removeEventListener(type, listener)
      resolve(event)
    }
    target.addEventListener(type, listener)
  })

class ConnectionEnd {
  /** By label, oldest first. @type {Map<string, ChannelEnd>} */
  channels = new Map()
  /** What became of the connection: every state that it announced. @type {string[]} */
  states = []
  /** Candidates that wait until the description they belong to was told to the other end. */
  held = []
  /** Remote candidates that wait for the first remote description. */
  early = []
  described = false
  /** The labels of the channels on which messages came, in their order. @type {string[]} */
  arrivals = []
  /** Channels that come in are treated by `oblige`. */
  obliging = false

  constructor(pc, tell, { endOfCandidates = true, trickles = true }) {
    this.pc = pc
    this.tell = tell
    this.endOfCandidates = endOfCandidates
    this.trickles = trickles
    pc.addEventListener('icecandidate', ({ candidate }) => {
      const init = candidate && {
        candidate: candidate.candidate,
        sdpMid: candidate.sdpMid,
        sdpMLineIndex: candidate.sdpMLineIndex,
        usernameFragment: candidate.usernameFragment,
      }
      if (this.held === undefined) tell({ candidate: init })
      else this.held.push(init)
    })
    pc.addEventListener('datachannel', ({ channel }) => {
      if (this.obliging) oblige(channel)
      else this.adopt(channel.label, channel)
    })
    for (const name of ['connection', 'iceConnection']) {
      pc.addEventListener(`${name.toLowerCase()}statechange`, () => this.states.push(`${name} ${pc[`${name}State`]}`))
    }
  }

  /** Makes a description of `type`, applies it, and tells it to the other end before any candidate of it. */
  async describe(type, options) {
    this.held ??= []
    const made = await (type === 'offer' ? this.pc.createOffer(options) : this.pc.createAnswer())
    await this.pc.setLocalDescription(made)
    const { sdp } = this.trickles ? made : this.pc.localDescription
    this.tell({ description: { type: made.type, sdp } })
    for (const candidate of this.held) this.tell({ candidate })
    this.held = undefined
  }

  async accept(description) {
    await this.pc.setRemoteDescription(description)
    this.described = true
    for (const candidate of this.early.splice(0)) await this.addCandidate(candidate)
    if (description.type === 'offer') await this.describe('answer')
  }

  async addCandidate(candidate) {
    if (!this.described) this.early.push(candidate)
    else if (candidate !== null || this.endOfCandidates) await this.pc.addIceCandidate(candidate)
  }

  adopt(label, channel) {
    this.channels.set(label, new ChannelEnd(channel, this.tell, () => this.arrivals.push(label)))
  }

  channel(label) {
    const end = this.channels.get(label)
    if (end === undefined) throw new Error(`no channel '${label}'`)
    return end
  }
}

export class Agent {
  #RTCPeerConnection
  #options
  /** @type {Map<string, ConnectionEnd>} */
  #connections = new Map()
  /** @type {Signal[]} */
  #signals = []
  #wake = () => {}

  /**
   * @param RTCPeerConnection The constructor of the stack under this end.
   * @param {{ endOfCandidates?: boolean, trickles?: boolean }} options Whether `addIceCandidate(null)` may be called on
   *   it, and whether it tells its candidates one by one; if not, what goes out is the description that has them all.
   */
  constructor(RTCPeerConnection, options = {}) {
    this.#RTCPeerConnection = RTCPeerConnection
    this.#options = options
  }

  /** The signals since the last call; waits for one. @returns {Promise<Signal[]>} */
  async next() {
    if (this.#signals.length === 0) await new Promise(resolve => (this.#wake = resolve))
    return this.#signals.splice(0)
  }

  #tell(signal) {
    this.#signals.push(signal)
    this.#wake()
  }

  #connection(id) {
    const end = this.#connections.get(id)
    if (end === undefined) throw new Error(`no connection '${id}'`)
    return end
  }

  async #until(id, what, condition, patience = PATIENCE) {
    const start = Date.now()
    while (!(await condition())) {
      if (Date.now() - start > patience) {
        throw new Error(
          `waited ${patience} ms for: ${typeof what === 'function' ? what() : what}; now ${JSON.stringify(this.report(id))}`,
        )
      }
      await sleep(INTERVAL)
    }
  }

  // The connection

  create(id, configuration = {}) {
    const pc = new this.#RTCPeerConnection({ iceServers: [], ...configuration })
    this.#connections.set(id, new ConnectionEnd(pc, signal => this.#tell({ connection: id, ...signal }), this.#options))
  }

  /** Other servers, or another policy, for what is gathered from now on. */
  configure(id, configuration) {
    this.#connection(id).pc.setConfiguration({ iceServers: [], ...configuration })
  }

  /** Makes an offer; the rest follows from the signals. */
  async offer(id, options = {}) {
    await this.#connection(id).describe('offer', options)
  }

  /** A signal of the other end. @param {Signal} signal */
  async signal(id, { description, candidate }) {
    const end = this.#connection(id)
    if (description) await end.accept(description)
    else await end.addCandidate(candidate ?? null)
  }

  close(id) {
    this.#connection(id).pc.close()
  }

  /** Waits until the connection has been in `state`, and is. */
  async connectionState(id, ...states) {
    const { pc } = this.#connection(id)
    await this.#until(id, `connection ${states.join(' or ')}`, () => states.includes(pc.connectionState))
    return pc.connectionState
  }

  /** Waits until SCTP is closed, and (if `dtls`) DTLS too. */
  async transportsClosed(id, dtls) {
    const { sctp } = this.#connection(id).pc
    await this.#until(id, 'SCTP closed', () => sctp.state === 'closed')
    if (dtls) await this.#until(id, 'DTLS closed', () => sctp.transport.state === 'closed')
  }

  /** The user-name fragments that the two descriptions in force name. */
  fragments(id) {
    const { pc } = this.#connection(id)
    const fragment = description => /^a=ice-ufrag:(.*?)\r?$/m.exec(description?.sdp ?? '')?.[1] ?? null
    return { local: fragment(pc.localDescription), remote: fragment(pc.remoteDescription) }
  }

  /** Waits until both fragments are others, and negotiation is over. */
  async changedFragments(id, before) {
    const { pc } = this.#connection(id)
    await this.#until(id, `descriptions with other fragments than ${JSON.stringify(before)}`, () => {
      const { local, remote } = this.fragments(id)
      return local !== before.local && remote !== before.remote && pc.signalingState === 'stable'
    })
    return this.fragments(id)
  }

  /** Waits until a pair of the local credentials `fragment` is in use, by the stack's own statistics. */
  async selectedFragment(id, fragment) {
    const { pc } = this.#connection(id)
    await this.#until(id, `a selected pair with the fragment ${fragment}`, async () => {
      const stats = [...(await pc.getStats()).values()]
      const find = wanted => stats.find(({ id }) => id === wanted)
      const transport = stats.find(({ type }) => type === 'transport')
      const local = find(find(transport?.selectedCandidatePairId)?.localCandidateId)
      return (local?.usernameFragment ?? transport?.iceLocalUsernameFragment) === fragment
    })
  }

  /** What the ICE transport says of the pair in use; null when it says nothing. */
  selectedPair(id) {
    const pair = this.#connection(id).pc.sctp?.transport?.iceTransport?.getSelectedCandidatePair?.() ?? null
    const facts = ({ type, protocol, tcpType, address, port, relayProtocol, url }) =>
      JSON.parse(JSON.stringify({ type, protocol, tcpType, address, port, relayProtocol, url }))
    return pair && { local: facts(pair.local), remote: facts(pair.remote) }
  }

  /** Everything getStats() gives, as a list. */
  async stats(id) {
    return [...(await this.#connection(id).pc.getStats()).values()].map(stat => ({ ...stat }))
  }

  /** Waits until datagrams have grown to `least` bytes; an addition of ours to the statistics. */
  async datagramSize(id, least) {
    const { pc } = this.#connection(id)
    await this.#until(id, `datagrams of ${least} bytes`, async () => {
      const association = [...(await pc.getStats()).values()].find(({ type }) => type === 'sctp-transport')
      return association?.datagramSize >= least
    })
  }

  /** The states as they are, for assertions and for messages. */
  report(id) {
    const { pc, states, channels } = this.#connection(id)
    const dtls = pc.sctp?.transport
    return {
      connection: pc.connectionState,
      iceConnection: pc.iceConnectionState,
      iceGathering: pc.iceGatheringState,
      signaling: pc.signalingState,
      sctp: pc.sctp?.state ?? null,
      dtls: dtls?.state ?? null,
      ice: dtls?.iceTransport?.state ?? null,
      maxMessageSize: pc.sctp?.maxMessageSize ?? null,
      states,
      channels: [...channels].map(([label, { channel, events, received }]) => ({
        label,
        state: channel.readyState,
        events,
        received: received.length,
      })),
    }
  }

  // Its channels

  openChannel(id, label, init) {
    const end = this.#connection(id)
    end.adopt(label, end.pc.createDataChannel(label, init))
  }

  /** Waits until the channel is there and in `state`, and says what it is. */
  async channel(id, label, state = 'open') {
    const { channels } = this.#connection(id)
    await this.#until(id, `channel '${label}' ${state}`, () => channels.get(label)?.channel.readyState === state)
    const { channel, events } = this.#connection(id).channel(label)
    const { protocol, ordered, maxRetransmits, maxPacketLifeTime, negotiated, readyState } = channel
    return {
      label: channel.label,
      protocol,
      ordered,
      maxRetransmits,
      maxPacketLifeTime,
      negotiated,
      readyState,
      id: channel.id,
      events,
    }
  }

  closeChannel(id, label) {
    this.#connection(id).channel(label).channel.close()
  }

  /** From now on, what comes in goes back. */
  echo(id, label) {
    this.#connection(id).channel(label).echo = true
  }

  /** @param {MessageSpec[]} messages @returns {Promise<MessageDigest[]>} */
  async send(id, label, messages) {
    const end = this.#connection(id).channel(label)
    const digests = []
    for (const message of messages) {
      const data = makeMessage(message)
      digests.push(digest(data))
      await end.send(data)
    }
    return Promise.all(digests)
  }

  /** Sends one message on each of several channels, one right after another. @param {(MessageSpec & { label: string })[]} messages */
  sendTogether(id, messages) {
    const end = this.#connection(id)
    for (const message of messages) end.channel(message.label).channel.send(makeMessage(message))
  }

  /** @returns {string[]} the labels of the channels on which messages came since the last call, in their order */
  arrivals(id) {
    return this.#connection(id).arrivals.splice(0)
  }

  /** Waits for `count` messages. @returns {Promise<MessageDigest[]>} all that came, in order */
  async received(id, label, count) {
    const { received } = this.#connection(id).channel(label)
    await this.#until(id, `${count} messages on '${label}'`, () => received.length >= count)
    return Promise.all(received)
  }

  /** Sends one message after another, every few milliseconds, until `stopFlow`. */
  flow(id, label, size) {
    const end = this.#connection(id).channel(label)
    end.flowing = true
    end.flow = (async () => {
      for (let seed = 0; end.flowing; seed++) {
        const bytes = makeBytes(size, seed)
        end.flowed.push(digest(bytes))
        await end.send(bytes)
        await sleep(INTERVAL)
      }
    })()
    // `stopFlow` reports what goes wrong; until then nobody listens.
    end.flow.catch(() => {})
  }

  /** @returns {Promise<MessageDigest[]>} what was sent, in order */
  async stopFlow(id, label) {
    const end = this.#connection(id).channel(label)
    end.flowing = false
    await end.flow
    return Promise.all(end.flowed)
  }

  /** From now on what comes is hashed and thrown away. */
  sink(id, label) {
    this.#connection(id).channel(label).sink = new Chain()
  }

  /** Waits for so many bytes in all since `sink`. */
  async sunk(id, label, bytes) {
    const { sink } = this.#connection(id).channel(label)
    await this.#until(
      id,
      () => `${bytes} bytes on '${label}', of which ${sink.bytes} have come`,
      () => sink.bytes >= bytes,
      BULK_PATIENCE,
    )
    return sink.digest()
  }

  /** Sends so many bytes in messages of one size. @returns what the other side's `sunk` is to give */
  async bulk(id, label, bytes, size) {
    const end = this.#connection(id).channel(label)
    const sent = new Chain()
    for (let left = bytes, seed = 0; left > 0; left -= size, seed++) {
      const message = makeBytes(Math.min(size, left), seed)
      sent.add(message)
      await end.send(message)
    }
    return sent.digest()
  }

  /** From now on the channels that come in send back what they get, and close when they are told to. */
  oblige(id) {
    this.#connection(id).obliging = true
  }

  /**
   * Opens a channel, has a message sent back and closes it, so many times, where the other end obliges. Every second one
   * is closed by the other end.
   * @returns the ids that the channels had
   */
  async reopen(id, times) {
    const { pc } = this.#connection(id)
    const ids = []
    for (let i = 0; i < times; i++) {
      const what = `channel ${i} of ${times}`
      const channel = pc.createDataChannel(`again ${i}`)
      // There are stacks where it is open at once, and no event says so.
      if (channel.readyState !== 'open') await once(channel, 'open', what)
      ids.push(channel.id)
      const back = once(channel, 'message', what)
      channel.send(`number ${i}`)
      const { data } = await back
      if (data !== `number ${i}`) throw new Error(`${what} sent back '${data}'`)
      const closed = once(channel, 'close', what)
      if (i % 2 === 0) channel.close()
      else channel.send('close')
      await closed
    }
    return ids
  }
}
