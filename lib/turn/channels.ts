/**
 * Channels (RFC 8656, 12): numbers that stand for a peer's address and port, bound for ten minutes at a time.
 *
 * A number is never given to a second peer, and a peer never bound to a second number while the first may stand: the
 * server would refuse both. When the 4,096 numbers are used up, peers are reached by Send indications.
 */

import { Attribute, channelNumber, ErrorCode, FIRST_CHANNEL, LAST_CHANNEL, Method, xorAddress } from '../stun/index.ts'
import { isLoss, type TurnContext } from './context.ts'
import { CHANNEL_LIFETIME, Channel, type Peer } from './peer.ts'
import type { Permissions } from './permissions.ts'
import type { Outcome } from './requests.ts'

/** Milliseconds after which a channel is bound again. */
const REFRESH = 480_000
/** After a request that nobody answered, or an error of the server's own. */
const RETRY = 30_000
const MOST_REQUESTS = 4

export class Channels {
  readonly #context: TurnContext
  readonly #permissions: Permissions
  /** By number, from `FIRST_CHANNEL`. */
  #channels: Channel[] = []
  #requests = 0
  deadline = Number.POSITIVE_INFINITY

  constructor(context: TurnContext, permissions: Permissions) {
    this.#context = context
    this.#permissions = permissions
  }

  /** The channel of that number if data may come on it. */
  find(number: number, now: number): Channel | undefined {
    const channel = this.#channels[number - FIRST_CHANNEL]
    // What the server has bound it uses at once, though its answer is behind, or lost, and until its own clock says so. The
    // number can be nobody else's.
    return channel?.mayBeBound(now) ? channel : undefined
  }

  /** Binds a channel for the peer, if there is a number left and the server has not refused. */
  bind(peer: Peer, now: number): void {
    if (this.#requests >= MOST_REQUESTS) return
    let { channel } = peer
    if (channel === undefined) {
      const number = FIRST_CHANNEL + this.#channels.length
      if (number > LAST_CHANNEL) return
      channel = new Channel(number, peer)
      this.#channels.push(channel)
      peer.channel = channel
    }
    if (!channel.asking && now >= channel.notBefore) this.#request(channel, now)
  }

  #request(channel: Channel, now: number): void {
    const { number, peer } = channel
    this.#requests++
    channel.asking = true
    channel.askedAt = now
    channel.refreshAt = Number.POSITIVE_INFINITY
    this.#context.requests.send(
      {
        method: Method.channelBind,
        attributes: transactionId => [
          channelNumber(number),
          xorAddress(Attribute.xorPeerAddress, { address: peer.permission.address, port: peer.port }, transactionId),
        ],
        ended: (outcome, at) => this.#ended(channel, outcome, at),
      },
      now,
    )
  }

  #ended(channel: Channel, outcome: Outcome, now: number): void {
    this.#requests--
    channel.asking = false
    this.deadline = Math.min(this.deadline, now)
    if (outcome.kind === 'success') {
      channel.boundUntil = channel.askedAt + CHANNEL_LIFETIME
      channel.refreshAt = channel.askedAt + REFRESH
      this.#permissions.extend(channel.peer.permission, channel.askedAt)
      return
    }
    if (isLoss(outcome)) {
      this.#context.lose(outcome)
      return
    }
    if (outcome.message === undefined) {
      channel.notBefore = now + RETRY
      if (now < channel.boundUntil) channel.refreshAt = now + RETRY
      return
    }
    // An error changes nothing at the server: a channel stands until it expires, and is not bound again. Then, and before
    // there was one, data goes as Send indications, unless it is the peer that is refused.
    channel.notBefore = outcome.code >= 500 ? now + RETRY : Number.POSITIVE_INFINITY
    if (now < channel.boundUntil && outcome.code >= 500) channel.refreshAt = channel.notBefore
    if (outcome.code === ErrorCode.badRequest) this.#context.doubt(now)
    if (outcome.code === ErrorCode.forbidden)
      this.#permissions.refuse(channel.peer.permission, outcome.code, outcome.reason, now)
  }

  /** Binds again what is due and in use. */
  advance(now: number): void {
    if (now < this.deadline) return
    this.deadline = Number.POSITIVE_INFINITY
    for (const channel of this.#channels) {
      if (channel.refreshAt === Number.POSITIVE_INFINITY) continue
      if (channel.refreshAt <= now) {
        // A request that ends looks again.
        if (this.#requests >= MOST_REQUESTS) continue
        // One that nobody uses is let go.
        if (now - channel.peer.usedAt < REFRESH) this.#request(channel, now)
        else channel.refreshAt = Number.POSITIVE_INFINITY
      }
      this.deadline = Math.min(this.deadline, channel.refreshAt)
    }
  }

  clear(): void {
    this.#channels = []
    this.deadline = Number.POSITIVE_INFINITY
  }
}
