/** One process of a measurement of forwarding: the camera, the forwarder, or the viewers. */

import type { Link, Signal } from '../stacks/index.ts'
import type { Command, FromChild, Mark, ToChild } from './messages.ts'
import type { Camera, Forwarder, ForwarderName, Viewers } from './roles.ts'

const tell = (message: FromChild) => process.send?.(message)

const early = new Map<number, Signal[]>()
const listeners = new Map<number, (signal: Signal) => void>()

const linkOf = (link: number): Link => ({
  tell: signal => tell({ link, signal }),
  listen: listener => {
    listeners.set(link, listener)
    for (const signal of early.get(link) ?? []) listener(signal)
    early.delete(link)
  },
})

function signalled(link: number, signal: Signal): void {
  const listener = listeners.get(link)
  if (listener !== undefined) listener(signal)
  else if (early.has(link)) early.get(link)?.push(signal)
  else early.set(link, [signal])
}

let camera: Camera | undefined
let forwarder: Forwarder | undefined
let viewers: Viewers | undefined

const forwarders: Record<ForwarderName, () => Promise<{ forwarder(): Forwarder }>> = {
  dgram: () => import('./dgram.ts'),
  purertc: () => import('./purertc.ts'),
  'node-datachannel': () => import('./node-datachannel.ts'),
  werift: () => import('./werift.ts'),
}

async function be({ role, name }: Extract<Command, { type: 'be' }>): Promise<void> {
  if (role === 'forwarder') {
    forwarder = (await forwarders[name]()).forwarder()
    return
  }
  const others = name === 'dgram' ? await import('./dgram.ts') : await import('./purertc.ts')
  if (role === 'camera') camera = others.camera()
  else viewers = others.viewers()
}

async function connect(number: number): Promise<void> {
  const link = linkOf(number)
  if (camera !== undefined) await camera.connect(link)
  else if (viewers !== undefined) await viewers.add(link)
  else if (number === 0) await forwarder?.receive(link)
  else await forwarder?.addViewer(link)
}

/** Packets a millisecond, and how many of them are owed. */
let rate = 0
let owed = 0
let last = 0
/** What a turn makes good of at most: after a pause it does not flood the forwarder. */
const MOST_OWED = 200

const send = (): void => {
  const now = performance.now()
  owed = Math.min(MOST_OWED, owed + rate * (now - last))
  last = now
  for (; owed >= 1; owed--) camera?.send()
}

function setRate(perSecond: number): void {
  if (last === 0) setInterval(send, 1)
  rate = perSecond / 1000
  owed = 0
  last = performance.now()
}

async function mark(collected: boolean): Promise<Mark> {
  const packets = (await camera?.sent()) ?? (await viewers?.received()) ?? 0
  if (collected) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return { time: Number(process.hrtime.bigint()) / 1e6, cpu: user + system, heap: heapUsed + external, packets }
}

function obey(command: Command): unknown {
  if (command.type === 'be') return be(command)
  if (command.type === 'connect') return connect(command.link)
  if (command.type === 'rate') return setRate(command.perSecond)
  if (command.type === 'profile') return viewers?.profile()
  return mark(command.collected === true)
}

process.on('message', async (message: ToChild) => {
  if ('signal' in message) return signalled(message.link, message.signal)
  const { id, command } = message
  try {
    tell({ id, value: await obey(command) })
  } catch (error) {
    tell({ id, failure: error instanceof Error ? error.message : String(error) })
  }
})
process.on('disconnect', () => process.exit())
