/**
 * One of the two processes of a measurement: makes its end of the connection, then sends or receives.
 *
 * Flow control is the same for every stack and none of the stack's own: the receiver acknowledges what came, and the
 * sender keeps at most a window unacknowledged. (Not every stack's `bufferedAmount` tells the truth.)
 */

import { type Command, type Job, type LatencyJob, monotonic, type Report, type ThroughputJob } from './messages.ts'
import { Payload } from './payload.ts'
import {
  type BenchChannel,
  type Link,
  type PacketCounts,
  type Role,
  type Signal,
  type Stack,
  stacks,
} from './stacks/index.ts'

/** Most bytes and most messages that the sender keeps unacknowledged. */
const WINDOW_BYTES = 1 << 20
const WINDOW_MESSAGES = 1024
/** The receiver acknowledges whenever this share of the window has come. */
const SHARE = 8
/** An acknowledgement: the number of messages that came, 4 bytes. */
const ACKNOWLEDGEMENT = 4

const tell = (report: Report) => process.send?.(report)
const fail = (error: unknown) =>
  tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) })

/** Most milliseconds of round trips that are timed in one go: of the slowest stack there are fewer. */
const LONGEST_TRIPS = 3000

/** Counted by whoever sends or receives; read at a mark. */
const done = { messages: 0, bytes: 0 }
let stopping = false

/** Signals by the number of the connection they are for, until that connection listens. */
const early = new Map<number, Signal[]>()
const listeners = new Map<number, (signal: Signal) => void>()

const linkOf = (connection: number): Link => ({
  tell: signal => tell({ type: 'signal', connection, signal }),
  listen: listener => {
    listeners.set(connection, listener)
    for (const signal of early.get(connection) ?? []) listener(signal)
    early.delete(connection)
  },
})

function signalled(connection: number, signal: Signal): void {
  const listener = listeners.get(connection)
  if (listener !== undefined) listener(signal)
  else if (early.has(connection)) early.get(connection)?.push(signal)
  else early.set(connection, [signal])
}

const windowOf = (size: number) => Math.max(SHARE, Math.min(WINDOW_MESSAGES, Math.floor(WINDOW_BYTES / size)))

/** Sends until told to stop, then waits for the rest to be acknowledged. A message carries its number in its channel. */
function sendAll(channel: BenchChannel, { size, channels = 1, window = windowOf(size) }: ThroughputJob): void {
  const payload = new Payload(size)
  let acknowledged = 0
  const pump = () => {
    while (!stopping && done.messages - acknowledged < window) {
      payload.stamp(Math.floor(done.messages / channels))
      channel.send(payload.bytes, done.messages % channels)
      done.messages++
      done.bytes += size
    }
    if (stopping && acknowledged === done.messages) finish()
  }
  channel.receive(bytes => {
    acknowledged = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    // Not from inside the callback: some stacks call back for as long as something comes, and nothing else gets a turn.
    setImmediate(pump)
  })
  stop = () => {
    // The receiver cannot know which message is the last, so it is told how many there were.
    const last = new Uint8Array(ACKNOWLEDGEMENT)
    new DataView(last.buffer).setUint32(0, done.messages)
    channel.send(last)
    if (acknowledged === done.messages) finish()
  }
  pump()
}

function receiveAll(channel: BenchChannel, { size, channels = 1, window = windowOf(size) }: ThroughputJob): void {
  const payload = new Payload(size)
  const share = Math.max(1, Math.floor(window / SHARE))
  /** Messages of each channel. */
  const came = new Array<number>(channels).fill(0)
  const acknowledgement = new Uint8Array(ACKNOWLEDGEMENT)
  const acknowledge = () => {
    new DataView(acknowledgement.buffer).setUint32(0, done.messages)
    channel.send(acknowledgement)
  }
  /** How many there are in all, once the sender has said so: its last word may pass messages of other channels. */
  let sent = Number.NaN
  const acknowledgeLast = () => {
    acknowledge()
    finish()
  }
  channel.receive((bytes, number) => {
    if (bytes.length === ACKNOWLEDGEMENT) {
      sent = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      if (sent === done.messages) acknowledgeLast()
      else if (channels === 1) fail(`${done.messages} of ${sent} messages arrived`)
      return
    }
    const expected = came[number] ?? 0
    came[number] = expected + 1
    if (!payload.matches(bytes, expected)) {
      return void fail(`message ${expected} of ${size} bytes did not arrive as it was sent (${bytes.length} bytes)`)
    }
    done.messages++
    done.bytes += bytes.length
    if (done.messages === sent) acknowledgeLast()
    else if (done.messages % share === 0) acknowledge()
  })
}

let stop = () => {}
let counts = async (): Promise<PacketCounts | undefined> => undefined

/** What the process held at most, in bytes. */
const maxRss = () => process.resourceUsage().maxRSS * 1024

const finish = () => tell({ type: 'stopped', messages: done.messages, maxRss: maxRss() })

/** Opens connections one after another, each timed; over the first, times round trips of 64 bytes, cold and warm. */
async function measureLatency(stack: Stack, role: Role, job: LatencyJob): Promise<void> {
  const opens: number[] = []
  const firstTrips: number[] = []
  const roundTrips: number[] = []
  for (let i = 0; i < job.connections; i++) {
    const start = performance.now()
    const channel = await stack.connect(role, linkOf(i))
    opens.push(performance.now() - start)
    if (role === 'answerer') {
      // The other side closes its connection once it has what it came for: a message of one byte says so.
      await new Promise<void>(resolve => {
        channel.receive(bytes => {
          channel.send(bytes)
          if (bytes.length === 1) setTimeout(resolve, 20)
        })
      })
    } else {
      const ball = new Uint8Array(64).fill(7)
      let back = () => {}
      channel.receive(() => back())
      const roundTrip = (bytes: Uint8Array) =>
        new Promise<void>(resolve => {
          back = resolve
          channel.send(bytes)
        })
      const time = async (into: number[], count: number) => {
        const end = performance.now() + LONGEST_TRIPS
        for (let j = 0; j < count && performance.now() < end; j++) {
          const sent = performance.now()
          await roundTrip(ball)
          into.push(performance.now() - sent)
        }
      }
      if (i === 0) {
        await time(firstTrips, job.firstTrips)
        for (const end = performance.now() + job.warmUp; performance.now() < end; ) await roundTrip(ball)
        await time(roundTrips, job.roundTrips)
      }
      await roundTrip(new Uint8Array(1))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    listeners.set(i, () => {})
    channel.close()
  }
  tell({ type: 'latency', opens, firstTrips, roundTrips })
  tell({ type: 'stopped', messages: 0, maxRss: maxRss() })
}

/** Opens the connection that the parent names. */
let connect = async (_connection: number) => {}
const channels = new Map<number, BenchChannel>()

function connectWhenTold(stack: Stack, role: Role): void {
  connect = async connection => {
    const link = linkOf(connection)
    const began = monotonic()
    const channel = await stack.connect(role, {
      tell: link.tell,
      listen: listener => {
        link.listen(listener)
        tell({ type: 'listening' })
      },
    })
    tell({ type: 'connected', began, open: monotonic() })
    channels.set(connection, channel)
  }
}

function close(connection: number): void {
  listeners.set(connection, () => {})
  channels.get(connection)?.close()
  channels.delete(connection)
  tell({ type: 'closed' })
}

async function run(stack: Stack, role: Role, job: Job): Promise<void> {
  if (job.kind === 'latency') return measureLatency(stack, role, job)
  if (job.kind === 'connect') return connectWhenTold(stack, role)
  const channel = await stack.connect(role, linkOf(0), job.channels)
  counts = channel.counts ?? counts
  tell({ type: 'open' })
  if (role === 'offerer') sendAll(channel, job)
  else receiveAll(channel, job)
}

async function mark(): Promise<void> {
  const found = await counts()
  const { user, system } = process.cpuUsage()
  tell({ type: 'mark', time: performance.now(), cpu: user + system, ...done, counts: found })
}

process.on('message', message => {
  const command = message as Command
  switch (command.type) {
    case 'job':
      run(stacks[command.stack], command.role, command.job).catch(fail)
      break
    case 'signal':
      signalled(command.connection, command.signal)
      break
    case 'connect':
      connect(command.connection).catch(fail)
      break
    case 'close':
      close(command.connection)
      break
    case 'mark':
      mark().catch(fail)
      break
    case 'stop':
      stopping = true
      stop()
      break
  }
})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
process.on('disconnect', () => process.exit())
