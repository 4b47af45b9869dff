/** OpenSSL's own programs (of the system), with certificates of ours written where they read them. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Certificate, certificateFromPem, certificateToPem, type KeyType } from '../../../lib/crypto/index.ts'
import { nodeCrypto } from '../../providers.ts'
import { CannotStart } from './driver.ts'
import { Program } from './program.ts'

const curve = (name: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${name}`]

const NEW_KEY: Readonly<Record<KeyType, readonly string[]>> = {
  'ec-p256': curve('P-256'),
  'ec-p384': curve('P-384'),
  ed25519: ['-newkey', 'ed25519'],
  rsa: ['-newkey', 'rsa:2048'],
}

export class OpenSsl {
  readonly #folder = mkdtempSync(join(tmpdir(), 'purertc-openssl-'))
  #files = 0

  /** Throws `CannotStart` where it is not installed. */
  constructor() {
    const { error } = spawnSync('openssl', ['version'])
    if (error === undefined) return
    rmSync(this.#folder, { recursive: true })
    throw new CannotStart('openssl', error)
  }

  /** The options that give it this certificate. */
  identity(identity: Certificate): readonly string[] {
    const [certificate, key] = this.#paths()
    const pem = certificateToPem(identity)
    writeFileSync(certificate, pem.certificate)
    writeFileSync(key, pem.privateKey)
    return ['-cert', certificate, '-key', key]
  }

  /** A certificate that it has made, with its key in the format that it has by itself. */
  make(kind: KeyType): Certificate {
    const [certificate, key] = this.#paths()
    this.#run(['req', '-x509', '-nodes', '-subj', '/CN=openssl', ...NEW_KEY[kind], '-keyout', key, '-out', certificate])
    return certificateFromPem(nodeCrypto, readFileSync(certificate, 'latin1'), readFileSync(key, 'latin1'))
  }

  /** Starts a server, and waits until it listens. */
  async server(args: readonly string[]): Promise<{ readonly program: Program; readonly port: number }> {
    const program = new Program('openssl', ['s_server', '-dtls1_2', '-accept', '127.0.0.1:0', ...args])
    return { program, port: Number((await program.says(/ACCEPT 127\.0\.0\.1:(\d+)/))[1]) }
  }

  client(port: number, args: readonly string[]): Program {
    return new Program('openssl', ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, ...args])
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
  }
  #paths(): [string, string] {
    const number = this.#files++
    return [join(this.#folder, `${number}.crt`), join(this.#folder, `${number}.key`)]
  }

  #run(args: readonly string[]): void {
    const { status, stderr } = spawnSync('openssl', args)
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  }
}
