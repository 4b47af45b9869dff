/**
 * Permissions (RFC 8656, 9 and 10): the addresses that the server relays to and from, asked for several at a time, asked
 * for again every four minutes while they are kept or used, and what waits until they are there.
 */

import type { Packet } from '../bytes/index.ts'
import {
  type AddressFamily,
  Attribute,
  addressBytes,
  addressText,
  ErrorCode,
  Method,
  xorAddress,
} from '../stun/index.ts'
import { isLoss, type TurnContext } from './context.ts'
import { Peer, Permission } from './peer.ts'
import type { Outcome } from './requests.ts'

/** Milliseconds for which the server keeps a permission (RFC 8656, 9), and after which it is asked again. */
const LIFETIME = 300_000
const REFRESH = 240_000
/** Milliseconds before its end at which one that is not used is let go; data that goes to it later asks for it at once. */
export const LAST_LOOK = 10_000
/** One that is due within this time is asked for together with one that is due now. */
const TOGETHER = 30_000
/** How long a refused address is not asked for again. */
const REFUSAL = 60_000
/** After a request that nobody answered, which has taken its time already. */
const RETRY = 1_000
/** After an error of the server's own. */
const SERVER_RETRY = 5_000

/** Bounds: addresses, ports of each, addresses in a request, requests under way, packets that wait. */
const MOST_PERMISSIONS = 256
const MOST_PORTS = 64
const MOST_TOGETHER = 16
const MOST_REQUESTS = 4
const MOST_WAITING_EACH = 16
const MOST_WAITING = 128

export class Permissions {
  readonly #context: TurnContext
  readonly #granted: (permission: Permission, now: number) => void
  readonly #table = new Map<string, Permission>()
  #families: readonly AddressFamily[] = []
  #last: Peer | undefined
  #requests = 0
  #waiting = 0
  deadline = Number.POSITIVE_INFINITY

  /** @param granted Called when the server has agreed: what waits is to be sent (`take`). */
  constructor(context: TurnContext, granted: (permission: Permission, now: number) => void) {
    this.#context = context
    this.#granted = granted
  }

  get size(): number {
    return this.#table.size
  }

  /** The families of the relayed addresses: peers of others cannot be reached (RFC 8656, 9.1). */
  set families(families: readonly AddressFamily[]) {
    this.#families = families
  }

  /** Asks for an address, and keeps the permission if so wished. Throws a TypeError for what is no address. */
  keep(address: string, now: number, kept: boolean): void {
    const permission = this.#obtain(address, now)
    if (permission === undefined || now < permission.refusedUntil) return
    permission.kept ||= kept
    this.renew(permission, now)
  }

  /** The permission for an address if there is one, or if it has been asked for. `address` is canonical text. */
  find(address: string, now: number): Permission | undefined {
    const permission = this.#table.get(address)
    // The answer may be slower than the peer's first datagram.
    return permission !== undefined && (now < permission.grantedUntil || permission.asking) ? permission : undefined
  }

  /** The peer at an address and port; undefined beyond the bounds. Throws a TypeError for what is no address. */
  peer(address: string, port: number, now: number): Peer | undefined {
    const last = this.#last
    if (last !== undefined && last.port === port && last.permission.address === address) return last
    const permission = this.#obtain(address, now)
    if (permission === undefined) return undefined
    let peer = permission.peers.get(port)
    if (peer === undefined) {
      if (permission.peers.size >= MOST_PORTS && !forgetPort(permission, now)) return undefined
      peer = new Peer(permission, port, now)
      permission.peers.set(port, peer)
    }
    this.#last = peer
    return peer
  }

  /** Keeps a packet until the permission of its peer is there, and asks for it. Takes the packet. */
  hold(peer: Peer, packet: Packet, now: number): void {
    const { permission } = peer
    const { counters } = this.#context
    if (now < permission.refusedUntil) {
      counters.droppedRefused++
      packet.release()
      return
    }
    this.renew(permission, now)
    if (permission.queue.length >= MOST_WAITING_EACH || this.#waiting >= MOST_WAITING) {
      counters.droppedOverflow++
      packet.release()
      return
    }
    permission.queue.push({ peer, packet })
    this.#waiting++
  }

  /** The oldest packet that waits for this permission. */
  take(permission: Permission): { readonly peer: Peer; readonly packet: Packet } | undefined {
    const waiting = permission.queue.shift()
    if (waiting !== undefined) this.#waiting--
    return waiting
  }

  /** The server relays nothing to and from this address: told, and not asked for again for a while. */
  refuse(permission: Permission, code: number, reason: string, now: number): void {
    permission.kept = false
    permission.alone = false
    permission.grantedUntil = Number.NEGATIVE_INFINITY
    permission.askAt = Number.POSITIVE_INFINITY
    permission.refusedUntil = now + REFUSAL
    for (let waiting = this.take(permission); waiting !== undefined; waiting = this.take(permission)) {
      this.#context.counters.droppedRefused++
      waiting.packet.release()
    }
    this.#wake(permission.refusedUntil)
    this.#context.events.push({ type: 'peer-refused', address: permission.address, code, reason })
  }

  /** ChannelBind makes a permission too (RFC 8656, 12). */
  extend(permission: Permission, askedAt: number): void {
    permission.grantedUntil = Math.max(permission.grantedUntil, askedAt + LIFETIME)
    if (permission.asking || permission.askAt !== Number.POSITIVE_INFINITY) return
    permission.askAt = askedAt + REFRESH
    this.#wake(permission.askAt)
  }

  advance(now: number): void {
    if (now < this.deadline) return
    this.#askDue(now)
    this.deadline = Number.POSITIVE_INFINITY
    for (const permission of this.#table.values()) {
      if (permission.isIdle(now)) this.#forget(permission)
      else this.#wake(this.#nextMoment(permission, now))
    }
  }

  /** Forgets all. */
  clear(): void {
    for (const permission of this.#table.values()) {
      for (const { packet } of permission.queue) packet.release()
      permission.queue.length = 0
    }
    this.#table.clear()
    this.#last = undefined
    this.#waiting = 0
    this.deadline = Number.POSITIVE_INFINITY
  }

  #wake(at: number): void {
    if (at < this.deadline) this.deadline = at
  }

  #nextMoment(permission: Permission, now: number): number {
    const { askAt, asking, grantedUntil, refusedUntil } = permission
    let next = Number.POSITIVE_INFINITY
    if (!asking && this.#requests < MOST_REQUESTS) next = askAt
    if (grantedUntil > now) next = Math.min(next, grantedUntil)
    if (refusedUntil > now) next = Math.min(next, refusedUntil)
    return next
  }

  #obtain(text: string, now: number): Permission | undefined {
    const known = this.#table.get(text)
    if (known !== undefined) return known
    const bytes = addressBytes(text)
    const address = bytes && addressText(bytes)
    if (bytes === undefined || address === undefined) throw new TypeError(`not an IP address: ${text}`)
    const same = this.#table.get(address)
    if (same !== undefined) return same
    if (this.#table.size >= MOST_PERMISSIONS) return undefined
    const permission = new Permission(address, bytes, now)
    this.#table.set(address, permission)
    if (this.#families.includes(bytes.length === 4 ? 4 : 6)) this.#wake(now)
    else this.refuse(permission, ErrorCode.peerAddressFamilyMismatch, 'no relayed address of that family', now)
    return permission
  }

  /** Asks for one that is wanted, unless that is under way or will be in time. */
  renew(permission: Permission, now: number): void {
    permission.usedAt = now
    if (!permission.asking && permission.askAt === Number.POSITIVE_INFINITY) permission.askAt = now
    if (permission.askAt <= now) this.#wake(now)
  }

  /** Asks for what is due, in as few requests as may be. */
  #askDue(now: number): void {
    let together: Permission[] = []
    let isDue = false
    const send = (): void => {
      if (isDue && together.length > 0) this.#request(together, now)
      together = []
    }
    for (const permission of this.#table.values()) {
      if (this.#requests >= MOST_REQUESTS) return
      if (permission.asking || permission.askAt > now + TOGETHER) continue
      if (permission.askAt <= now) isDue = true
      const isUsed = permission.kept || now - permission.usedAt < REFRESH || permission.queue.length > 0
      if (!isUsed) permission.askAt = lastLook(permission, now)
      else if (permission.alone && permission.askAt <= now) this.#request([permission], now)
      else if (!permission.alone && together.push(permission) >= MOST_TOGETHER) send()
    }
    if (this.#requests < MOST_REQUESTS) send()
  }

  #request(permissions: readonly Permission[], now: number): void {
    this.#requests++
    for (const permission of permissions) {
      permission.asking = true
      permission.askAt = Number.POSITIVE_INFINITY
    }
    this.#context.requests.send(
      {
        method: Method.createPermission,
        attributes: transactionId =>
          // The port does not count (RFC 8656, 10.1).
          permissions.map(({ address }) => xorAddress(Attribute.xorPeerAddress, { address, port: 0 }, transactionId)),
        ended: (outcome, at) => this.#ended(permissions, outcome, now, at),
      },
      now,
    )
  }

  #ended(permissions: readonly Permission[], outcome: Outcome, askedAt: number, now: number): void {
    this.#requests--
    for (const permission of permissions) permission.asking = false
    this.#wake(now)
    if (outcome.kind === 'success') {
      for (const permission of permissions) {
        permission.alone = false
        permission.grantedUntil = askedAt + LIFETIME
        permission.askAt = askedAt + REFRESH
        this.#granted(permission, now)
      }
      return
    }
    if (isLoss(outcome)) {
      this.#context.lose(outcome)
      return
    }
    if (outcome.message !== undefined && outcome.code === ErrorCode.badRequest) this.#context.doubt(now)
    if (permissions.length > 1 && outcome.message !== undefined) {
      // One of them is refused, and the server does not say which.
      for (const permission of permissions) {
        permission.alone = true
        permission.askAt = now
      }
    } else {
      for (const permission of permissions) {
        // An error changes nothing at the server: what it has granted stands until it expires.
        const isPassing = outcome.message === undefined || outcome.code >= 500
        if (isPassing && now < permission.grantedUntil)
          permission.askAt = now + (outcome.message === undefined ? RETRY : SERVER_RETRY)
        else this.refuse(permission, outcome.code, outcome.reason, now)
      }
    }
  }

  #forget(permission: Permission): void {
    this.#table.delete(permission.address)
    if (this.#last?.permission === permission) this.#last = undefined
  }
}

/** When to look again whether one is used that was not when it was due: it may be in the last minute. */
const lastLook = ({ grantedUntil }: Permission, now: number): number =>
  now < grantedUntil - LAST_LOOK ? grantedUntil - LAST_LOOK : Number.POSITIVE_INFINITY

/** Makes room for another port by forgetting the one that was used the longest ago and has no channel. */
const forgetPort = (permission: Permission, now: number): boolean => {
  let oldest: Peer | undefined
  for (const peer of permission.peers.values()) {
    if (peer.channel?.mayBeBound(now) || permission.queue.some(waiting => waiting.peer === peer)) continue
    if (oldest === undefined || peer.usedAt < oldest.usedAt) oldest = peer
  }
  return oldest !== undefined && permission.peers.delete(oldest.port)
}
