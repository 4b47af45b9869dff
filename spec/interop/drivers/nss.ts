/**
 * NSS, by its own test program: Debian's `tstclnt` and `certutil` (libnss3-tools) with the libraries of Firefox ESR, which
 * are newer and speak DTLS 1.3 as it was published. `PURERTC_NSS` names another folder of libraries.
 *
 * The program sends nothing again: what is lost on its way to us is lost.
 */

import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CannotStart } from './driver.ts'
import { Program } from './program.ts'

const NAME = 'nss'
const LIBRARIES = process.env.PURERTC_NSS ?? '/usr/lib/firefox-esr'
const ENVIRONMENT = { LD_LIBRARY_PATH: LIBRARIES }
/** How often another port is tried when somebody else was faster. */
const ATTEMPTS = 5
/** Milliseconds between looks at the sockets of the machine. */
const INTERVAL = 5

/** The certificates in its database, by name. */
const IDENTITIES = {
  'ec-p256': ['-k', 'ec', '-q', 'nistp256'],
  'ec-p384': ['-k', 'ec', '-q', 'secp384r1'],
  rsa: ['-k', 'rsa', '-g', '2048'],
} as const
export type NssIdentity = keyof typeof IDENTITIES

const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return port
}

/** Whether somebody has that UDP port, by the kernel's table. */
const isBound = (port: number): boolean =>
  readFileSync('/proc/net/udp', 'latin1').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`)

/** What a run of the program has agreed on, as it says it. */
export interface NssSession {
  readonly version: '1.2' | '1.3'
  /** `AES-GCM 128`, `CHACHA20POLY1305 256`. */
  readonly cipher: string
  /** Bits of the group of the key exchange: 255 is X25519, alone or with ML-KEM. */
  readonly groupBits: number
  /** What the server has signed by. */
  readonly signature: string
}

export class NssProgram extends Program {
  readonly #keyLog: string

  constructor(role: 'client' | 'server', port: number, folder: string, run: number, args: readonly string[]) {
    const keyLog = join(folder, `${run}.keys`)
    super('tstclnt', ['-P', role, '-h', '127.0.0.1', '-p', `${port}`, '-v', ...args], {
      ...ENVIRONMENT,
      SSLKEYLOGFILE: keyLog,
    })
    this.#keyLog = keyLog
  }

  async session(): Promise<NssSession> {
    const [, version, bits, cipher] = await this.says(/SSL version 3\.(\d) using (\d+)-bit (\S+) /)
    const [, groupBits] = await this.says(/Key Exchange: (\d+)-bit/)
    const [, signature = ''] = await this.says(/Signature Scheme: (\S+)\s/)
    const name = version === '4' ? '1.3' : '1.2'
    return { version: name, cipher: `${cipher} ${bits}`, groupBits: Number(groupBits), signature }
  }

  /** The lines of its key log. */
  get keyLog(): readonly string[] {
    return readFileSync(this.#keyLog, 'latin1')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
  }
}

export class Nss {
  readonly #folder = mkdtempSync(join(tmpdir(), 'purertc-nss-'))
  readonly #certificates: Readonly<Record<NssIdentity, Uint8Array>>
  #runs = 0

  /** Makes a database of certificates. Throws `CannotStart` where NSS is not installed, or not the one that is wanted. */
  constructor() {
    try {
      if (!existsSync(join(LIBRARIES, 'libssl3.so'))) throw new Error(`no libssl3.so in ${LIBRARIES}`)
      this.#certutil('-N', '--empty-password')
    } catch (error) {
      rmSync(this.#folder, { recursive: true })
      throw new CannotStart(NAME, error)
    }
    const noise = join(this.#folder, 'noise')
    // Its generator is seeded by the platform all the same; without a file it would ask for keys to be pressed.
    writeFileSync(noise, `${process.hrtime.bigint()}`)
    const make = (name: NssIdentity, serial: number): Uint8Array => {
      const made = ['-n', name, '-s', `CN=${name}`, '-x', '-t', 'P,P,P', '-m', `${serial}`, '-z', noise]
      this.#certutil('-S', ...made, ...IDENTITIES[name])
      return new Uint8Array(this.#certutil('-L', '-n', name, '-r'))
    }
    this.#certificates = { 'ec-p256': make('ec-p256', 1), 'ec-p384': make('ec-p384', 2), rsa: make('rsa', 3) }
  }

  /** In DER. */
  certificate(name: NssIdentity): Uint8Array {
    return this.#certificates[name]
  }

  /** Starts a server, and waits until it has its port. It serves one client, and asks for no certificate. */
  async server(
    identity: NssIdentity,
    args: readonly string[],
  ): Promise<{ readonly program: NssProgram; readonly port: number }> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort()
      const program = this.#start('server', port, [...this.#named(identity), ...args])
      while (program.exitCode === undefined && !isBound(port))
        await new Promise(resolve => setTimeout(resolve, INTERVAL))
      if (program.exitCode === undefined) return { program, port }
      if (attempt === ATTEMPTS) throw new Error(`nss has no port: ${program.output}`)
    }
  }

  /** A client that takes any certificate. */
  client(port: number, identity: NssIdentity | undefined, args: readonly string[]): NssProgram {
    // With a database and no name it would take whichever certificate fits.
    return this.#start('client', port, ['-o', ...(identity === undefined ? ['-D'] : this.#named(identity)), ...args])
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #named(identity: NssIdentity): readonly string[] {
    return ['-d', `sql:${this.#folder}`, '-n', identity]
  }

  #start(role: 'client' | 'server', port: number, args: readonly string[]): NssProgram {
    return new NssProgram(role, port, this.#folder, this.#runs++, args)
  }

  #certutil(action: string, ...args: readonly string[]): Buffer {
    const all = [action, '-d', `sql:${this.#folder}`, ...args]
    const { error, status, stdout, stderr } = spawnSync('certutil', all, { env: { ...process.env, ...ENVIRONMENT } })
    if (error !== undefined) throw error
    if (status !== 0) throw new Error(`certutil ${action}: ${stderr}`)
    return stdout
  }
}
