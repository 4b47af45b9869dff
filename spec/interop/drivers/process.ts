/** A stack that is an npm package, in a child process of its own, with the agent around it (`stack-process.ts`). */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CannotStart, type Driver, type PeerStarter, type Quirks } from './driver.ts'

export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

const PROGRAM = fileURLToPath(new URL('stack-process.js', import.meta.url))

export function processPeer(name: string, quirks: Quirks): PeerStarter {
  return { name, start: () => start(name, quirks) }
}

async function start(name: string, quirks: Quirks): Promise<Driver> {
  const child = fork(PROGRAM, [name], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const pending = new Map<number, Pending>()
  let calls = 0
  let over: Error | undefined
  const exited = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      over = new Error(`the process of ${name} ended: ${signal ?? `exit code ${code}`}`)
      for (const { reject } of pending.values()) reject(over)
      pending.clear()
      resolve()
    })
  })
  child.on('message', message => {
    const { id, value, error } = message as Reply
    const caller = pending.get(id)
    pending.delete(id)
    if (error === undefined) caller?.resolve(value)
    else caller?.reject(new Error(error))
  })
  const call = (method: string, ...args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (over !== undefined) return reject(over)
      const id = calls++
      pending.set(id, { resolve, reject })
      child.send({ id, method, args })
    })
  const close = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const problem = await call('load')
  if (problem !== undefined) {
    await close()
    throw new CannotStart(name, problem)
  }
  return { name, quirks, call, close }
}
