/** coturn, the TURN server of Debian, as a child process on loopback with a configuration of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../net/certificates.ts'
import { CannotStart } from './driver.ts'

const NAME = 'coturn'
const PROGRAM = 'turnserver'
/** Milliseconds that something which it is to say may take. */
const PATIENCE = 15_000
/** How often another pair of ports is tried when somebody else was faster. */
const ATTEMPTS = 5
const TAKEN = /Cannot bind|Address already in use/

export interface CoturnOptions {
  /** The one address of this machine where it listens and relays, for clients that use no loopback. By default loopback's. */
  readonly address?: string
  /** Seconds that an allocation lives at most (`max-allocate-lifetime`). */
  readonly lifetime?: number
  /** Seconds after which a nonce is stale. Without it, never. */
  readonly staleNonce?: number
  /** The relayed ports, both inclusive. */
  readonly relayPorts?: readonly [number, number]
  /** Further lines of its configuration file. */
  readonly lines?: readonly string[]
}

const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))

/** A port that is free for UDP and for TCP. */
const freePort = async (address: string): Promise<number> => {
  const server = createServer().listen(0, address)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const isFree = await new Promise<boolean>(resolve => {
    socket.once('error', () => resolve(false))
    socket.bind(port, address, () => resolve(true))
  })
  await Promise.all([
    new Promise(resolve => server.close(resolve)),
    new Promise<void>(resolve => socket.close(resolve)),
  ])
  return isFree ? port : freePort(address)
}

export class Coturn {
  readonly address: string
  /** Undefined where the machine has no IPv6, or an address was chosen. */
  readonly address6: string | undefined
  /** UDP and TCP. */
  port = 0
  tlsPort = 0
  readonly realm = 'purertc.example'
  readonly username = 'alice'
  readonly password = 'correct horse'
  /** What its certificate names, beside its addresses. */
  readonly serverName = 'turn.example'
  /** The authority that signed its certificate, in PEM. */
  readonly ca: string
  /** All that it has said since it was started last. */
  output = ''
  readonly #options: CoturnOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'purertc-coturn-'))
  #child: ChildProcess | undefined
  #wake = (): void => {}

  private constructor(options: CoturnOptions, ca: string) {
    this.#options = options
    this.address = options.address ?? '127.0.0.1'
    this.address6 = options.address === undefined && hasIpv6() ? '::1' : undefined
    this.ca = ca
  }

  /** Starts it, and waits until it listens. Rejects with `CannotStart` where it is not installed. */
  static async start(options: CoturnOptions = {}): Promise<Coturn> {
    const { error } = spawnSync(PROGRAM, ['--version'])
    if (error !== undefined) throw new CannotStart(NAME, error)
    const authority = await createAuthority()
    const coturn = new Coturn(options, authority.ca)
    const { cert, key } = await authority.issue([coturn.serverName, coturn.address, '::1'])
    writeFileSync(coturn.#path('certificate.pem'), cert)
    writeFileSync(coturn.#path('key.pem'), key, { mode: 0o600 })
    for (let attempt = 1; ; attempt++) {
      coturn.port = await freePort(coturn.address)
      do coturn.tlsPort = await freePort(coturn.address)
      while (coturn.tlsPort === coturn.port)
      try {
        // It would wait for the port as long as somebody else has it.
        await coturn.#run(TAKEN)
        return coturn
      } catch (error) {
        if (attempt < ATTEMPTS && TAKEN.test(coturn.output)) {
          await coturn.#stop()
          continue
        }
        await coturn.close()
        throw error
      }
    }
  }

  /** Resolves when it has said this, or said it already. Rejects when it says something else, or nothing for long. */
  async says(pattern: RegExp, butNot?: RegExp): Promise<RegExpExecArray> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#wake()
    }, PATIENCE)
    try {
      for (;;) {
        const match = pattern.exec(this.output)
        if (match !== null) return match
        if (butNot?.test(this.output)) throw new Error(`coturn says ${butNot}`)
        if (late || this.#child === undefined || this.#child.exitCode !== null) {
          throw new Error(`coturn ${late ? 'does not say' : 'ended without'} ${pattern}: ${this.output.slice(-4000)}`)
        }
        await new Promise<void>(resolve => {
          const before = this.#wake
          this.#wake = () => {
            before()
            resolve()
          }
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** How often it has said this. */
  count(pattern: RegExp): number {
    return [...this.output.matchAll(new RegExp(pattern, 'g'))].length
  }

  /** Ends it without notice, and starts it on the same ports: allocations and nonces are gone. */
  async restart(): Promise<void> {
    await this.#stop()
    await this.#run()
  }

  /** Ends it without notice, until `restart`. */
  async stop(): Promise<void> {
    await this.#stop()
  }

  async close(): Promise<void> {
    await this.#stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #addresses(): string[] {
    return [this.address, ...(this.address6 === undefined ? [] : [this.address6])]
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  async #run(butNot?: RegExp): Promise<void> {
    writeFileSync(this.#path('turnserver.conf'), `${this.#configuration().join('\n')}\n`)
    this.output = ''
    const child = spawn(PROGRAM, ['-c', this.#path('turnserver.conf')], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.output += text
        this.#wakeAll()
      })
    }
    child.once('exit', () => this.#wakeAll())
    process.once('exit', this.#kill)
    for (const address of this.#addresses) {
      await this.says(new RegExp(`UDP listener opened on ?: ${address}:${this.port}\\s`), butNot)
      for (const port of [this.port, this.tlsPort]) {
        await this.says(new RegExp(`TCP listener opened on ?: ${address}:${port}\\s`), butNot)
      }
    }
    await this.says(/Total General servers/, butNot)
  }

  async #stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    process.off('exit', this.#kill)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** It does not outlive a spec that has failed. */
  readonly #kill = (): void => {
    this.#child?.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #wakeAll(): void {
    const wake = this.#wake
    this.#wake = () => {}
    wake()
  }

  #configuration(): string[] {
    const { lifetime, staleNonce, relayPorts, lines = [] } = this.#options
    return [
      ...this.#addresses.flatMap(address => [`listening-ip=${address}`, `relay-ip=${address}`]),
      `listening-port=${this.port}`,
      `tls-listening-port=${this.tlsPort}`,
      `cert=${this.#path('certificate.pem')}`,
      `pkey=${this.#path('key.pem')}`,
      'no-dtls',
      'no-tlsv1',
      'no-tlsv1_1',
      'lt-cred-mech',
      `user=${this.username}:${this.password}`,
      `realm=${this.realm}`,
      'allow-loopback-peers',
      'no-cli',
      'no-rfc5780',
      'verbose',
      'log-file=stdout',
      'simple-log',
      `pidfile=${this.#path('pid')}`,
      `userdb=${this.#path('users.db')}`,
      ...(lifetime === undefined ? [] : [`max-allocate-lifetime=${lifetime}`]),
      ...(staleNonce === undefined ? [] : [`stale-nonce=${staleNonce}`]),
      ...(relayPorts === undefined ? [] : [`min-port=${relayPorts[0]}`, `max-port=${relayPorts[1]}`]),
      ...lines,
    ]
  }
}
