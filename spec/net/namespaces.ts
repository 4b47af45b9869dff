/**
 * Two hosts on one machine: network namespaces joined by two links of their own, so that multicast reaches nobody else.
 *
 *     near   left0 ------ right0   far      192.0.2.1, fe80::1  ------ 192.0.2.2, fe80::2
 *            left1 ------ right1            198.51.100.1, fe80::11 --- 198.51.100.2, fe80::12
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('programs/multicast.js', import.meta.url))

const ip = (...args: readonly string[]): void => {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** A process in a namespace, doing what `programs/multicast.ts` can. */
export class Inhabitant {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, (value: unknown) => void>()
  #calls = 0
  received: { readonly name: string; readonly text: string; readonly address: string; readonly port: number }[] = []
  #wake = (): void => {}

  constructor(namespace: string) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, PROGRAM], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', message => {
      const { id, value, received } = message as { id?: number; value?: unknown; received?: Inhabitant['received'][0] }
      if (received !== undefined) this.received.push(received)
      else if (id !== undefined) this.#pending.get(id)?.(value)
      this.#wake()
    })
  }

  /** Does something there: `ready`, `open`, `send`, `close`, `sockets`. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = this.#calls++
    return new Promise(resolve => {
      this.#pending.set(id, resolve)
      this.#child.send({ id, method, args })
    })
  }

  async until(text: string, name: string): Promise<void> {
    while (!this.received.some(each => each.text === text && each.name === name)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** Which sockets have received this, and from where. */
  who(text: string): string[] {
    const found = this.received.filter(each => each.text === text)
    return found.map(({ name, address }) => `${name} from ${address}`).sort()
  }

  async end(): Promise<void> {
    const exited = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await exited
  }
}

export interface TwoHosts {
  readonly near: Inhabitant
  readonly far: Inhabitant
  end(): Promise<void>
}

const LINKS = [
  ['left0', '192.0.2.1', 'fe80::1', 'right0', '192.0.2.2', 'fe80::2'],
  ['left1', '198.51.100.1', 'fe80::11', 'right1', '198.51.100.2', 'fe80::12'],
] as const

/** Makes them; rejects with an Error with the reason where that is not possible (no root, no iproute2, no namespaces). */
export const createTwoHosts = async (): Promise<TwoHosts> => {
  const names = ['near', 'far'].map(name => `purertc-${process.pid}-${name}`) as [string, string]
  const [near, far] = names
  const remove = (): void => {
    // Links go with the namespaces that they are in.
    for (const name of names) spawnSync('ip', ['netns', 'delete', name])
  }
  const configure = (namespace: string, device: string, four: string, six: string): void => {
    // Addresses of our own choice, without the second that duplicate detection takes.
    ip('-n', namespace, 'link', 'set', device, 'addrgenmode', 'none')
    ip('-n', namespace, 'address', 'add', `${four}/24`, 'dev', device)
    ip('-n', namespace, 'address', 'add', `${six}/64`, 'dev', device, 'nodad')
    ip('-n', namespace, 'link', 'set', device, 'up')
  }
  try {
    for (const name of names) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    for (const [left, left4, left6, right, right4, right6] of LINKS) {
      ip('link', 'add', left, 'netns', near, 'type', 'veth', 'peer', 'name', right, 'netns', far)
      configure(near, left, left4, left6)
      configure(far, right, right4, right6)
    }
  } catch (error) {
    remove()
    throw error
  }
  const inhabitants = [new Inhabitant(near), new Inhabitant(far)] as const
  await Promise.all([
    inhabitants[0].call('ready', ...LINKS.flatMap(link => link.slice(1, 3))),
    inhabitants[1].call('ready', ...LINKS.flatMap(link => link.slice(4))),
  ])
  return {
    near: inhabitants[0],
    far: inhabitants[1],
    end: async () => {
      await Promise.all(inhabitants.map(inhabitant => inhabitant.end()))
      remove()
    },
  }
}
