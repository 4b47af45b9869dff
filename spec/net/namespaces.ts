/**
 * Hosts on one machine: network namespaces with links of their own, so that what is said there reaches nobody else, and
 * can be lost on purpose.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('programs/inhabitant.js', import.meta.url))

const ip = (...args: readonly string[]): void => {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** A process in a namespace, doing what `programs/inhabitant.ts` can. */
export class Inhabitant {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, (value: unknown) => void>()
  #calls = 0
  received: { readonly name: string; readonly text: string; readonly address: string; readonly port: number }[] = []
  #wake = (): void => {}

  constructor(readonly namespace: string) {
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

  /** Does something there, by the name of a method of the program. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = this.#calls++
    return new Promise(resolve => {
      this.#pending.set(id, resolve)
      this.#child.send({ id, method, args })
    })
  }

  /** Changes the network around it, by the arguments of `ip`. */
  rearrange(...args: readonly string[]): void {
    ip('-n', this.namespace, ...args)
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

/** Makes namespaces by these names, and what is in them; none stays if that is not possible. */
const inNamespaces = (names: readonly string[], fill: () => void): (() => void) => {
  const remove = (): void => {
    // Links go with the namespaces that they are in.
    for (const name of names) spawnSync('ip', ['netns', 'delete', name])
  }
  // Of a process that was killed, and had our number.
  remove()
  try {
    for (const name of names) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'dev', 'lo', 'up')
    }
    fill()
  } catch (error) {
    remove()
    throw error
  }
  return remove
}

const inhabit = async (near: string, nearby: readonly string[], far: string, faraway: readonly string[]) => {
  const inhabitants = [new Inhabitant(near), new Inhabitant(far)] as const
  await Promise.all([inhabitants[0].call('ready', ...nearby), inhabitants[1].call('ready', ...faraway)])
  return { near: inhabitants[0], far: inhabitants[1] }
}

const nameOf = (name: string): string => `purertc-${process.pid}-${name}`

/**
 * Two hosts joined by two links. Rejects with the reason where that is not possible (no root, no iproute2).
 *
 *     near   left0 ------ right0   far      192.0.2.1, fe80::1  ------ 192.0.2.2, fe80::2
 *            left1 ------ right1            198.51.100.1, fe80::11 --- 198.51.100.2, fe80::12
 */
export const createTwoHosts = async (): Promise<TwoHosts> => {
  const [near, far] = [nameOf('near'), nameOf('far')]
  const configure = (namespace: string, device: string, four: string, six: string): void => {
    // Addresses of our own choice, without the second that duplicate detection takes.
    ip('-n', namespace, 'link', 'set', 'dev', device, 'addrgenmode', 'none')
    ip('-n', namespace, 'address', 'add', `${four}/24`, 'dev', device)
    ip('-n', namespace, 'address', 'add', `${six}/64`, 'dev', device, 'nodad')
    ip('-n', namespace, 'link', 'set', 'dev', device, 'up')
  }
  const remove = inNamespaces([near, far], () => {
    for (const [left, left4, left6, right, right4, right6] of LINKS) {
      ip('link', 'add', left, 'netns', near, 'type', 'veth', 'peer', 'name', right, 'netns', far)
      configure(near, left, left4, left6)
      configure(far, right, right4, right6)
    }
  })
  const [nearby, faraway] = [LINKS.flatMap(link => link.slice(1, 3)), LINKS.flatMap(link => link.slice(4))]
  const hosts = await inhabit(near, nearby, far, faraway)
  return { ...hosts, end: () => endAll(hosts, remove) }
}

const endAll = async ({ near, far }: { near: Inhabitant; far: Inhabitant }, remove: () => void): Promise<void> => {
  await Promise.all([near.end(), far.end()])
  remove()
}

/** Two hosts, near at 192.0.2.1 and far at 198.51.100.1, and a router between them that forwards when it is told to. */
export interface RoutedHosts extends TwoHosts {
  forward(): void
}

/** Rejects with the reason where that is not possible. */
export const createRoutedHosts = async (): Promise<RoutedHosts> => {
  const [near, router, far] = [nameOf('near'), nameOf('router'), nameOf('far')]
  const forwarding = (value: 0 | 1): void =>
    ip('netns', 'exec', router, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/ip_forward`)
  const join = (namespace: string, device: string, address: string, gateway: string): void => {
    const port = `to-${device}`
    ip('link', 'add', device, 'netns', namespace, 'type', 'veth', 'peer', 'name', port, 'netns', router)
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', device)
    ip('-n', router, 'address', 'add', `${gateway}/24`, 'dev', port)
    ip('-n', namespace, 'link', 'set', 'dev', device, 'up')
    ip('-n', router, 'link', 'set', 'dev', port, 'up')
    ip('-n', namespace, 'route', 'add', 'default', 'via', gateway)
  }
  const remove = inNamespaces([near, router, far], () => {
    forwarding(0)
    join(near, 'left', '192.0.2.1', '192.0.2.254')
    join(far, 'right', '198.51.100.1', '198.51.100.254')
  })
  const hosts = await inhabit(near, ['192.0.2.1'], far, ['198.51.100.1'])
  return { ...hosts, forward: () => forwarding(1), end: () => endAll(hosts, remove) }
}
