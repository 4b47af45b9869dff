/** One measurement: two fresh processes, a stack and a job; their signals are carried between them from here. */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command, Job, LatencyJob, Mark, Report, ThroughputJob } from './messages.ts'
import type { Role, StackName } from './stacks/index.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
/** Longest time to open, and to acknowledge what was sent, in milliseconds. */
const PATIENCE = 20_000

export interface Throughput {
  /** By the receiver's clock and count. */
  readonly megabytesPerSecond: number
  readonly messagesPerSecond: number
  /** CPU seconds, all threads, per 10^9 bytes. */
  readonly senderCpuPerGigabyte: number
  readonly receiverCpuPerGigabyte: number
  /** Most memory held, in bytes. */
  readonly senderMaxRss: number
  readonly receiverMaxRss: number
  /** CPU microseconds of both ends for each message. */
  readonly cpuPerMessage: number
  /** Bytes of UDP payload of the sender's largest datagrams, and SACKs of the receiver for each packet; where told. */
  readonly datagramSize?: number
  readonly sacksPerPacket?: number
}

export interface Latency {
  /** Milliseconds from construction to open, of each connection in turn: the first is a cold start. */
  readonly opens: readonly number[]
  /** Milliseconds, 64 bytes there and back: right after the connection was open, and when all code has run often. */
  readonly firstTrips: readonly number[]
  readonly roundTrips: readonly number[]
}

type Of<T extends Report['type']> = Extract<Report, { type: T }>

const sleep = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

export class Worker {
  readonly #child: ChildProcess
  readonly #waiting: { type: Report['type']; resolve: (report: Report) => void; reject: (error: Error) => void }[] = []
  #failure: Error | undefined
  onSignal: (report: Of<'signal'>) => void = () => {}

  constructor(stack: StackName, role: Role, job: Job) {
    // What a library prints is not part of the table.
    this.#child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.#child.on('message', report => this.#receive(report as Report))
    this.#child.on('exit', (code, signal) => this.#fail(`the ${role} process ended: ${signal ?? `exit code ${code}`}`))
    this.#child.on('error', error => this.#fail(error.message))
    this.tell({ type: 'job', stack, role, job })
  }

  tell(command: Command): void {
    if (this.#child.connected) this.#child.send(command)
  }

  /** The next report of this type. Rejects when the process fails, or after `patience` milliseconds. */
  next<T extends Report['type']>(type: T, patience = PATIENCE): Promise<Of<T>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      const timer = setTimeout(() => reject(new Error(`no '${type}' within ${patience / 1000} s`)), patience)
      const settle =
        <A>(how: (value: A) => void) =>
        (value: A) => {
          clearTimeout(timer)
          how(value)
        }
      this.#waiting.push({ type, resolve: settle(resolve as (report: Report) => void), reject: settle(reject) })
    })
  }

  async mark(): Promise<Mark> {
    this.tell({ type: 'mark' })
    return this.next('mark')
  }

  /** Ends the process; only ever its own. */
  end(): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill('SIGKILL')
  }

  #receive(report: Report): void {
    if (report.type === 'signal') this.onSignal(report)
    else if (report.type === 'failed') this.#fail(report.reason)
    else {
      const index = this.#waiting.findIndex(({ type }) => type === report.type)
      if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(report)
    }
  }

  #fail(reason: string): void {
    this.#failure ??= new Error(reason)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}

/** The two processes of a measurement: the one that offers, which is also the one that sends, and the other. */
export interface Ends {
  readonly sender: Worker
  readonly receiver: Worker
}

export async function withWorkers<T>(stack: StackName, job: Job, measure: (ends: Ends) => Promise<T>): Promise<T> {
  const receiver = new Worker(stack, 'answerer', job)
  const sender = new Worker(stack, 'offerer', job)
  sender.onSignal = report => receiver.tell(report)
  receiver.onSignal = report => sender.tell(report)
  try {
    return await measure({ sender, receiver })
  } finally {
    sender.end()
    receiver.end()
  }
}

function packets({ counts: sender }: Mark, { counts: before }: Mark, { counts: after }: Mark) {
  if (sender === undefined || before === undefined || after === undefined) return {}
  return {
    datagramSize: sender.datagramSize,
    sacksPerPacket: (after.sacksSent - before.sacksSent) / (after.packetsReceived - before.packetsReceived),
  }
}

export interface Times {
  /** Milliseconds that are not measured, then those that are. */
  readonly warmUp: number
  readonly measured: number
}

export function measureThroughput(
  stack: StackName,
  job: Omit<ThroughputJob, 'kind'>,
  times: Times,
): Promise<Throughput> {
  return withWorkers(stack, { kind: 'throughput', ...job }, async ({ sender, receiver }) => {
    await Promise.all([sender.next('open'), receiver.next('open')])
    await sleep(times.warmUp)
    const before = await Promise.all([sender.mark(), receiver.mark()])
    await sleep(times.measured)
    const after = await Promise.all([sender.mark(), receiver.mark()])
    const stopped = Promise.all([sender.next('stopped'), receiver.next('stopped')])
    sender.tell({ type: 'stop' })
    const [senderEnd, receiverEnd] = await stopped
    if (senderEnd.messages !== receiverEnd.messages) throw new Error('the two ends counted differently')
    const delta = (index: 0 | 1, of: Exclude<keyof Mark, 'counts'>) => after[index][of] - before[index][of]
    const seconds = delta(1, 'time') / 1000
    if (delta(1, 'bytes') === 0) throw new Error(`nothing arrived within ${times.measured} ms`)
    const cpuPerGigabyte = (index: 0 | 1) => delta(index, 'cpu') / 1e6 / (delta(1, 'bytes') / 1e9)
    return {
      megabytesPerSecond: delta(1, 'bytes') / 1e6 / seconds,
      messagesPerSecond: delta(1, 'messages') / seconds,
      senderCpuPerGigabyte: cpuPerGigabyte(0),
      receiverCpuPerGigabyte: cpuPerGigabyte(1),
      senderMaxRss: senderEnd.maxRss,
      receiverMaxRss: receiverEnd.maxRss,
      cpuPerMessage: (delta(0, 'cpu') + delta(1, 'cpu')) / delta(1, 'messages'),
      ...packets(after[0], before[1], after[1]),
    }
  })
}

export function measureLatency(stack: StackName, job: Omit<LatencyJob, 'kind'>): Promise<Latency> {
  return withWorkers(stack, { kind: 'latency', ...job }, async ({ sender }) => {
    const { opens, firstTrips, roundTrips } = await sender.next('latency', 3 * PATIENCE)
    return { opens, firstTrips, roundTrips }
  })
}
