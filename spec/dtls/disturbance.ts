/** Disturbing one datagram after the other of an exchange between two DTLS connections, and judging what comes of it. */

import type { DtlsRole, DtlsVersion } from '../../lib/dtls/index.ts'
import type { Random } from '../../lib/machine/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { certificate, clear, DELAY, Pair, type PairOptions, type Path } from './pair.ts'

export const ROLES: readonly DtlsRole[] = ['client', 'server']

export interface Disturbance {
  readonly name: string
  /** How many datagrams of the exchange may be lost to it, at most one behind the other. */
  readonly losses: 0 | 1 | 2
  /** The path on which the n-th datagram from that side, counted from now on, is disturbed. */
  readonly path: (role: DtlsRole, n: number) => Path
}

type Copies = ReturnType<Path>
const copy = (bytes: Uint8Array, delay = DELAY) => ({ bytes, delay })

/** Counts the datagrams of each side from now on, wherever the pair itself has come to. */
const counted = (change: (bytes: Uint8Array, from: DtlsRole, index: number) => Copies): Path => {
  const counts = { client: 0, server: 0 }
  return (bytes, from) => change(bytes, from, counts[from]++)
}

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'lost',
    losses: 1,
    path: (role, n) => counted((bytes, from, i) => (from === role && i === n ? [] : [copy(bytes)])),
  },
  {
    name: 'lost together with the next',
    losses: 2,
    path: (role, n) => counted((bytes, from, i) => (from === role && (i === n || i === n + 1) ? [] : [copy(bytes)])),
  },
  {
    name: 'swapped with the next',
    losses: 1,
    path: (role, n) => {
      let held: Uint8Array | undefined
      return counted((bytes, from, i) => {
        if (from !== role) return [copy(bytes)]
        if (i === n) held = bytes.slice()
        return i === n ? [] : i === n + 1 && held !== undefined ? [copy(bytes), copy(held)] : [copy(bytes)]
      })
    },
  },
  {
    name: 'repeated at once',
    losses: 0,
    path: (role, n) =>
      counted((bytes, from, i) => (from === role && i === n ? [copy(bytes), copy(bytes)] : [copy(bytes)])),
  },
  {
    name: 'repeated late',
    losses: 0,
    path: (role, n) =>
      counted((bytes, from, i) => (from === role && i === n ? [copy(bytes), copy(bytes, 500)] : [copy(bytes)])),
  },
]

/** Each of them for each datagram that either side sends of an exchange. */
export const eachDisturbance = function* (counts: Readonly<Record<DtlsRole, number>>) {
  for (const role of ROLES) {
    for (let n = 0; n < counts[role]; n++) {
      for (const disturbance of DISTURBANCES) {
        yield { ...disturbance, role, n, name: `the ${role}'s datagram ${n} is ${disturbance.name}` }
      }
    }
  }
}

/** A fifth of all datagrams is lost, some are repeated, and they overtake each other when `jumbled`. */
export const randomPath = (random: Random, jumbled: boolean, loss = 0.2): Path => {
  const byte = new Uint8Array(2)
  const draw = (): number => {
    random.fill(byte)
    return ((byte[0]! << 8) | byte[1]!) / 65536
  }
  return bytes => {
    if (draw() < loss) return []
    if (!jumbled) return [copy(bytes)]
    const delay = DELAY + 40 * draw()
    return draw() < 0.1 ? [copy(bytes, delay), copy(bytes, delay + 30)] : [copy(bytes, delay)]
  }
}

export const seededPath = (seed: number, jumbled: boolean): Path => randomPath(seededRandom(seed), jumbled)

/** Longer than anything that is still under way, or repeated for want of an answer, can take. */
const AFTERWARDS = 200_000

export interface Outcome {
  readonly pair: Pair
  /** What is wrong with it, if anything is. */
  readonly fault: string | undefined
  /** Virtual milliseconds until both were connected. */
  readonly took: number
  /** Datagrams of both sides until nothing was left to say. */
  readonly datagrams: number
}

/** Whether both can talk, now and when all that was under way has come, and have nothing left to do then. */
export const faultOf = (pair: Pair): string | undefined => {
  for (const role of ROLES) {
    const { state } = pair[role].dtls
    if (state !== 'connected') return `the ${role} is ${state}: ${pair[role].error?.message ?? 'no error'}`
  }
  const texts: Record<DtlsRole, number> = { client: pair.client.texts.length, server: pair.server.texts.length }
  pair.path = clear
  if (!pair.client.send('ping', pair.now) || !pair.server.send('pong', pair.now)) return 'nothing can be sent'
  pair.run(() => false, AFTERWARDS)
  if (pair.server.texts.slice(texts.server).join() !== 'ping') return 'ping did not arrive once'
  if (pair.client.texts.slice(texts.client).join() !== 'pong') return 'pong did not arrive once'
  for (const role of ROLES) {
    const { state, deadline, counters } = pair[role].dtls
    if (state !== 'connected') return `the ${role} is ${state} later: ${pair[role].error?.message ?? 'no error'}`
    if (deadline !== Number.POSITIVE_INFINITY) return `the ${role} still has a timer`
    // What comes in the clear once both are connected is of no use, but what was protected always is.
    if (counters.droppedForged + counters.droppedMalformed > 0) return `the ${role} took something for forged`
  }
  return undefined
}

/** A handshake on that path. */
export const shakeHands = (options: PairOptions, path: Path): Outcome => {
  const pair = new Pair({ ...options, path })
  pair.start()
  pair.run(() => pair.connected, 600_000)
  const took = pair.now
  const fault = faultOf(pair)
  return { pair, fault, took, datagrams: pair.client.sent.length + pair.server.sent.length }
}

/** Handshakes of that version on random paths, one a seed: in large and in small datagrams, some with a cookie. */
export const shakeHandsAtRandom = async (version: DtlsVersion, seeds: number) => {
  // Their signatures are of one length, so that a seed draws for the same datagrams in each run.
  const certificates = {
    client: await certificate('ed25519', 'client'),
    server: await certificate('ed25519', 'server'),
  }
  const variants = [
    { mtu: 1200, cookieExchange: false },
    { mtu: 400, cookieExchange: true },
    { mtu: 250, cookieExchange: false },
  ].map((options): PairOptions => {
    const own = { ...options, versions: [version], groups: ['x25519'] } as const
    return { ...certificates, clientOptions: own, serverOptions: own }
  })
  const faults: string[] = []
  const times: number[] = []
  let most = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { fault, took, datagrams } = shakeHands(variants[seed % variants.length]!, seededPath(seed, seed % 2 === 0))
    if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`)
    times.push(took)
    most = Math.max(most, datagrams)
  }
  return { faults, times: times.sort((a, b) => a - b), most }
}

export interface Verdict {
  /** Names of the disturbances that a handshake did not survive. */
  readonly faults: readonly string[]
  /** The longest that it took, by the number of datagrams that were lost. */
  readonly longest: readonly [number, number, number]
  /** The longest where a part of the disturbed flight did arrive. */
  readonly partly: number
  /** The most datagrams that it took, of both sides. */
  readonly most: number
  /** What the handshake is like undisturbed. */
  readonly plain: Outcome
  readonly trials: number
}

/** When each datagram leaves, of a handshake that nothing disturbs. */
const departures = (options: PairOptions): Readonly<Record<DtlsRole, readonly number[]>> => {
  const times: Record<DtlsRole, number[]> = { client: [], server: [] }
  const pair: Pair = new Pair({
    ...options,
    path: (bytes, from) => {
      times[from].push(pair.now)
      return [copy(bytes)]
    },
  })
  pair.start()
  pair.run()
  return times
}

/** Shakes hands once for each disturbance of each datagram. */
export const disturbHandshake = (options: PairOptions): Verdict => {
  const plain = shakeHands(options, clear)
  const times = departures(options)
  /**
   * Whether those that are lost belong to one flight, of which something is left: but the ClientHello, before which
   * nobody knows that there are ACKs.
   */
  const isPart = (role: DtlsRole, n: number, losses: number): boolean => {
    if (role === 'client' && times[role][n] === times[role][0]) return false
    const flight = times[role].filter(time => time === times[role][n]).length
    const lost = times[role].slice(n, n + losses)
    return lost.length === losses && losses < flight && lost.every(time => time === times[role][n])
  }
  const faults: string[] = plain.fault === undefined ? [] : [plain.fault]
  for (const role of ROLES) {
    if (plain.pair[role].dtls.counters.flightsRetransmitted > 0) faults.push(`the ${role} repeats what has arrived`)
    // An ACK that is due is sent at once.
    if (Math.max(...times[role]) > plain.took + DELAY) faults.push(`the ${role} has something to say late`)
  }
  const longest: [number, number, number] = [0, 0, 0]
  let partly = 0
  let most = 0
  let trials = 0
  // What is said behind the handshake is not part of it: one datagram of data each.
  const counts = { client: plain.pair.client.sent.length - 1, server: plain.pair.server.sent.length - 1 }
  for (const { name, role, n, losses, path } of eachDisturbance(counts)) {
    const { fault, took, datagrams } = shakeHands(options, path(role, n))
    if (fault !== undefined) faults.push(`${name}: ${fault}`)
    longest[losses] = Math.max(longest[losses], took)
    if (isPart(role, n, losses)) partly = Math.max(partly, took)
    most = Math.max(most, datagrams)
    trials++
  }
  return { faults, longest, partly, most, plain, trials }
}
