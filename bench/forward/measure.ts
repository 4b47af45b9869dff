/**
 * One measurement of forwarding: three processes, whose signals are carried between them from here, and an offered load that
 * rises until the viewers miss more than one packet in a hundred.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Command, FromChild, Mark, Role } from './messages.ts'
import type { ForwarderName } from './roles.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
/** Longest time to answer, in milliseconds. */
const PATIENCE = 30_000
/** Of the packets of a step, those that may be missing. */
const TOLERATED = 0.01
/** By how much each step offers more than the one before, or less where that was too much; more where the forwarder idles. */
const STEP = 1.06
const LONGEST_STEP = 1.6
const STEP_BACK = 0.88
const BUSY = 0.85
const MOST_STEPS = 20
/** When nothing has come for so many milliseconds, what is missing never will; and how long that is waited for. */
const QUIET = 400
const LONGEST_DRAIN = 6000
/** Packets a second of all viewers together, to warm up by: what every stack can do. */
const GENTLE = 1000

export interface ForwardTimes {
  /** Milliseconds that are not measured; those of a step. */
  readonly warmUp: number
  readonly step: number
}

export interface Forwarding {
  /** To all viewers together, by the clock: the most without losing more than one in a hundred. */
  readonly packetsPerSecond: number
  /** Microseconds of the forwarder's CPU, for each packet that went to a viewer. */
  readonly cpuPerPacket: number
  /** What one core would forward, by that. */
  readonly packetsPerCore: number
  /** Share of the packets that did not arrive. */
  readonly lost: number
  /** Cores that each process kept busy. */
  readonly cameraLoad: number
  readonly forwarderLoad: number
  readonly viewersLoad: number
  /** Bytes that the forwarder's heap and buffers grew by, over all steps. */
  readonly heapGrowth: number
  readonly profile: string
}

class Child {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #failure: Error | undefined
  #lastId = 0
  onSignal: (message: Extract<FromChild, { link: number }>) => void = () => {}

  constructor(readonly role: Role) {
    // What a library prints is not part of the table.
    this.#child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: ['--expose-gc'] })
    this.#child.on('message', message => this.#receive(message as FromChild))
    this.#child.on('exit', (code, signal) => this.#fail(`the process of the ${role} ended: ${signal ?? code}`))
  }

  signal(message: Extract<FromChild, { link: number }>): void {
    if (this.#child.connected) this.#child.send(message)
  }

  async ask<T>(command: Command): Promise<T> {
    const id = ++this.#lastId
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<T>((resolve, reject) => {
        if (this.#failure !== undefined) return reject(this.#failure)
        timer = setTimeout(() => reject(new Error(`${this.role}: no answer to '${command.type}'`)), PATIENCE)
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        this.#child.send({ id, command })
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** Ends the process; only ever its own. */
  end(): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill('SIGKILL')
  }

  #receive(message: FromChild): void {
    if ('signal' in message) {
      this.onSignal(message)
      return
    }
    const waiting = this.#waiting.get(message.id)
    if ('failure' in message) waiting?.reject(new Error(`${this.role}: ${message.failure}`))
    else waiting?.resolve(message.value)
  }

  #fail(reason: string): void {
    this.#failure ??= new Error(reason)
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
  }
}

interface Cast {
  readonly camera: Child
  readonly forwarder: Child
  readonly viewers: Child
}

async function connect({ camera, forwarder, viewers }: Cast, name: ForwarderName, count: number): Promise<void> {
  camera.onSignal = message => forwarder.signal(message)
  viewers.onSignal = message => forwarder.signal(message)
  forwarder.onSignal = message => (message.link === 0 ? camera : viewers).signal(message)
  const everybody = [camera, forwarder, viewers]
  await Promise.all(everybody.map(child => child.ask({ type: 'be', role: child.role, name })))
  for (let link = 0; link <= count; link++) {
    const other = link === 0 ? camera : viewers
    await Promise.all([forwarder, other].map(child => child.ask({ type: 'connect', link })))
  }
}

/** One load. */
export type Step = Omit<Forwarding, 'heapGrowth' | 'profile'>

/** Waits for what is still under way; the milliseconds that it took, none where nothing was. */
async function drain(viewers: Child): Promise<number> {
  await sleep(QUIET)
  const first = await viewers.ask<Mark>({ type: 'mark' })
  let last = first
  for (let waited = 0; waited < LONGEST_DRAIN; waited += QUIET) {
    await sleep(QUIET)
    const mark = await viewers.ask<Mark>({ type: 'mark' })
    if (mark.packets === last.packets) break
    last = mark
  }
  return last === first ? 0 : last.time - first.time + QUIET
}

/** Offers a load for a while. */
async function step({ camera, forwarder, viewers }: Cast, count: number, perSecond: number, time: number) {
  const marks = () => Promise.all([camera, forwarder, viewers].map(child => child.ask<Mark>({ type: 'mark' })))
  const before = await marks()
  await camera.ask({ type: 'rate', perSecond })
  await sleep(time)
  const [busyCamera, busyForwarder, busyViewers] = await marks()
  await camera.ask({ type: 'rate', perSecond: 0 })
  const drained = await drain(viewers)
  const after = await marks()
  const of = (marks: readonly Mark[], index: number, member: keyof Mark) => marks[index]?.[member] ?? 0
  const delta = (index: number, member: keyof Mark) => of(after, index, member) - of(before, index, member)
  const sent = delta(0, 'packets') * count
  const received = delta(2, 'packets')
  if (sent === 0 || received === 0) throw new Error(`nothing arrived of ${sent} packets`)
  const load = (index: number, busy: Mark | undefined) =>
    ((busy?.cpu ?? 0) - of(before, index, 'cpu')) / 1000 / ((busy?.time ?? 0) - of(before, index, 'time'))
  const cpuPerPacket = delta(1, 'cpu') / received
  const seconds = (drained + (busyCamera?.time ?? 0) - of(before, 0, 'time')) / 1000
  return {
    packetsPerSecond: received / seconds,
    cpuPerPacket,
    packetsPerCore: 1e6 / cpuPerPacket,
    lost: Math.max(0, 1 - received / sent),
    cameraLoad: load(0, busyCamera),
    forwarderLoad: load(1, busyForwarder),
    viewersLoad: load(2, busyViewers),
  } satisfies Step
}

/** The best step whose losses are tolerated; undefined when none is. */
async function search(
  cast: Cast,
  count: number,
  times: ForwardTimes,
  progress: (step: Step) => void,
): Promise<Step | undefined> {
  let { forwarderLoad } = await step(cast, count, GENTLE / count, times.warmUp)
  let offered = GENTLE / count
  let best: Step | undefined
  let falling = false
  for (let i = 0; i < MOST_STEPS; i++) {
    offered *= falling ? STEP_BACK : Math.min(LONGEST_STEP, Math.max(STEP, BUSY / forwarderLoad))
    let found = await step(cast, count, offered, times.step)
    // Once more: it may have been something else that the machine had to do.
    if (found.lost > TOLERATED) found = await step(cast, count, offered, times.step)
    progress(found)
    forwarderLoad = found.forwarderLoad
    const isGood = found.lost <= TOLERATED
    if (isGood && found.packetsPerSecond > (best?.packetsPerSecond ?? 0)) best = found
    // Upwards until it is too much; downwards from a beginning that was, until it is not.
    if (isGood ? falling : best !== undefined) break
    falling = !isGood
  }
  return best
}

/**
 * @param progress Told of each step.
 * Rejects when the connections cannot be made, or a process fails.
 */
export async function measureForwarding(
  name: ForwarderName,
  count: number,
  times: ForwardTimes,
  progress: (step: Step) => void = () => {},
): Promise<Forwarding> {
  const cast = { camera: new Child('camera'), forwarder: new Child('forwarder'), viewers: new Child('viewers') }
  try {
    await connect(cast, name, count)
    const profile = await cast.viewers.ask<string>({ type: 'profile' })
    const before = await cast.forwarder.ask<Mark>({ type: 'mark', collected: true })
    const best = await search(cast, count, times, progress)
    if (best === undefined) throw new Error('more than one packet in a hundred is lost at every load')
    const after = await cast.forwarder.ask<Mark>({ type: 'mark', collected: true })
    return { ...best, heapGrowth: after.heap - before.heap, profile }
  } finally {
    for (const child of Object.values(cast)) child.end()
  }
}
