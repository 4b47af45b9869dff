/** OpenSSL's own programs (of the system), with certificates of ours written where they read them. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from '../../../lib/crypto/index.ts'
import { CannotStart } from './driver.ts'
import { Program } from './program.ts'

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

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
  identity({ der, privateKey }: Certificate): readonly string[] {
    const [certificate, key] = ['crt', 'key'].map(kind => join(this.#folder, `${this.#files}.${kind}`)) as [
      string,
      string,
    ]
    this.#files++
    // RFC 7468 wants lines of 64, OpenSSL takes longer ones.
    writeFileSync(certificate, pem('CERTIFICATE', der))
    writeFileSync(key, pem('PRIVATE KEY', privateKey.pkcs8))
    return ['-cert', certificate, '-key', key]
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
}
