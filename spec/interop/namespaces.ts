/**
 * Two network namespaces of Linux with one cable between them: a link where multicast can be real and stays inside.
 *
 * Needs root and iproute2. Everything in them ends with them.
 */

import { execFile, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CannotStart } from './drivers/driver.ts'

const run = promisify(execFile)
const ip = (...args: readonly string[]) => run('ip', [...args])

/** A program that runs in a namespace and serves calls (`serveCalls`). */
export interface Program {
  call(method: string, ...args: readonly unknown[]): Promise<unknown>
  /** Lets it end by itself, and waits for that. */
  close(): Promise<void>
}

interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}
interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** For a program: serves calls until its parent lets it go, then calls `end`. */
export function serveCalls(methods: Record<string, (...args: never[]) => unknown>, end: () => unknown): void {
  const reply = (message: Reply) => process.connected && process.send?.(message)
  process.on('message', async message => {
    const { id, method, args } = message as Call
    try {
      reply({ id, value: await (methods[method] as (...args: readonly unknown[]) => unknown)(...args) })
    } catch (error) {
      reply({ id, error: error instanceof Error ? error.message : String(error) })
    }
  })
  process.once('disconnect', end)
}

export class Namespace {
  constructor(
    readonly name: string,
    /** Its address at the cable's end, of either family. */
    readonly addresses: readonly [string, string],
  ) {}

  /** Starts a program of `spec/interop/programs` in it. */
  start(program: string): Program {
    const child = fork(fileURLToPath(new URL(`programs/${program}.js`, import.meta.url)), [], {
      execPath: 'ip',
      execArgv: ['netns', 'exec', this.name, process.execPath],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const pending = new Map<number, (reply: Reply) => void>()
    const exited = new Promise<void>(resolve => {
      child.once('exit', (code, signal) => {
        for (const [id, settle] of pending) settle({ id, error: `${program} ended: ${signal ?? code}` })
        resolve()
      })
    })
    child.on('message', message => {
      const reply = message as Reply
      pending.get(reply.id)?.(reply)
      pending.delete(reply.id)
    })
    let calls = 0
    const call = (method: string, ...args: readonly unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${program} has been let go`))
        const id = calls++
        pending.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))))
        child.send({ id, method, args }, error => error && reject(error))
      })
    const close = async () => {
      if (child.connected) child.disconnect()
      await exited
    }
    return { call, close }
  }
}

let cables = 0

/** The namespaces at both ends of a cable. Rejects with `CannotStart` where none can be made. */
export async function createNamespaces(): Promise<{ ends: readonly [Namespace, Namespace]; remove(): Promise<void> }> {
  const cable = cables++
  const names = ['a', 'b'].map(end => `purertc-mdns-${process.pid}-${cable}-${end}`)
  const ends = names.map((name, i) => new Namespace(name, [`10.77.0.${i + 1}`, `fd77::${i + 1}`]))
  const remove = async () => {
    for (const name of names) await ip('netns', 'delete', name).catch(() => {})
  }
  try {
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root')
    for (const name of names) await ip('netns', 'add', name)
    const [a, b] = names as [string, string]
    await ip('-n', a, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', b)
    for (const { name, addresses } of ends) {
      const [four, six] = addresses
      await ip('-n', name, 'address', 'add', `${four}/24`, 'dev', 'cable')
      // Without duplicate address detection, for which it would have to be waited.
      await ip('-n', name, 'address', 'add', `${six}/64`, 'dev', 'cable', 'nodad')
      await ip('-n', name, 'link', 'set', 'lo', 'up')
      await ip('-n', name, 'link', 'set', 'cable', 'addrgenmode', 'none', 'up')
      await ip('-n', name, 'address', 'add', `fe80::${six.at(-1)}/64`, 'dev', 'cable', 'nodad')
      // A browser shows a page only the address that its default route would use. It leads to the other end, and no further.
      const [other] = ends.filter(end => end.name !== name)
      for (const address of other?.addresses ?? [])
        await ip('-n', name, 'route', 'add', 'default', 'via', address, 'dev', 'cable')
    }
    return { ends: ends as [Namespace, Namespace], remove }
  } catch (error) {
    await remove()
    throw new CannotStart('a network namespace', error)
  }
}
