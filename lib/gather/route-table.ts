/**
 * Which connections of a shared port talk to which remote transport address.
 *
 * What says nothing of its connection (DTLS, SRTP) is led by where it came from. That must not be decided by whoever
 * sends: a request with a forged source, or a candidate that names another's address, would draw a connection's
 * traffic away. So a party only `waits` at an address when it has sent there, and `proves` it when what it sends shows
 * that a check made the round trip; the party that proved an address last has it. As long as nobody did, all who wait
 * are given what comes, and believe it or not.
 */

/** Parties that may wait at one address, and addresses of one party; the oldest that is not proved gives way. */
const MOST_PARTIES = 16
const MOST_ROUTES = 128
/** Addresses in all that anybody merely waits at. */
const MOST_WAITING = 65_536

/** One remote transport address. */
export class Route<P> {
  /** Who has sent there and proved nothing, oldest first. */
  readonly waiting: P[] = []
  /** Who has proved it, latest last. */
  readonly proved: P[] = []

  constructor(
    readonly address: string,
    readonly port: number,
  ) {}
}

/** The routes of one party, oldest first. */
export type PartyRoutes<P> = Set<Route<P>>

const remove = <T>(list: T[], item: T): boolean => {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}

/** `P` is whatever stands for a connection; it keeps its own `PartyRoutes` and hands them in. */
export class RouteTable<P> {
  readonly #routes = new Map<string, Map<number, Route<P>>>()
  #size = 0
  /** Times that a bound kept somebody from waiting, or made somebody give way. */
  overBound = 0

  /** How many remote transport addresses are known. */
  get size(): number {
    return this.#size
  }

  find(address: string, port: number): Route<P> | undefined {
    return this.#routes.get(address)?.get(port)
  }

  /** A party has sent there something that asks for an answer. */
  wait(party: P, own: PartyRoutes<P>, address: string, port: number): void {
    let route = this.find(address, port)
    // By the route's own lists: a party that had to give way still counts the route among its own.
    if (route !== undefined && (route.waiting.includes(party) || route.proved.includes(party))) return
    if (route === undefined && this.#size >= MOST_WAITING) {
      this.overBound++
      return
    }
    route ??= this.#create(address, port)
    if (route.waiting.length >= MOST_PARTIES) {
      // It was the longest to wait; whoever is real sends again and waits anew.
      this.overBound++
      this.#forget(route.waiting[0]!, route)
    }
    route.waiting.push(party)
    this.#own(party, own, route)
  }

  /** A party has shown that the address is its peer's; returns the route, which it now has. */
  prove(party: P, own: PartyRoutes<P>, address: string, port: number): Route<P> {
    const route = this.find(address, port) ?? this.#create(address, port)
    if (!route.proved.includes(party)) {
      remove(route.waiting, party)
      route.proved.push(party)
      this.#own(party, own, route)
    }
    return route
  }

  /** A party is gone. */
  leave(party: P, own: PartyRoutes<P>): void {
    for (const route of own) this.#forget(party, route)
    own.clear()
  }

  #own(party: P, own: PartyRoutes<P>, route: Route<P>): void {
    own.delete(route)
    if (own.size >= MOST_ROUTES) {
      this.overBound++
      let oldest: Route<P> | undefined
      for (const other of own) {
        oldest ??= other
        if (!other.proved.includes(party)) {
          oldest = other
          break
        }
      }
      if (oldest !== undefined) {
        own.delete(oldest)
        this.#forget(party, oldest)
      }
    }
    own.add(route)
  }

  #create(address: string, port: number): Route<P> {
    let ports = this.#routes.get(address)
    if (ports === undefined) {
      ports = new Map()
      this.#routes.set(address, ports)
    }
    const route = new Route<P>(address, port)
    ports.set(port, route)
    this.#size++
    return route
  }

  #forget(party: P, route: Route<P>): void {
    if (!remove(route.waiting, party)) remove(route.proved, party)
    if (route.waiting.length > 0 || route.proved.length > 0) return
    const ports = this.#routes.get(route.address)
    if (ports?.get(route.port) !== route) return
    ports.delete(route.port)
    if (ports.size === 0) this.#routes.delete(route.address)
    this.#size--
  }
}
