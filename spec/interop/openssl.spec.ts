/** Our DTLS against OpenSSL's own programs over UDP on this machine: both roles, every kind of certificate. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hex, Packet, utf8 } from '../../lib/bytes/index.ts'
import { type Certificate, type KeyType, parseCertificate } from '../../lib/crypto/index.ts'
import { DtlsConnection, type DtlsEvent, type DtlsOptions } from '../../lib/dtls/index.ts'
import { certificate, sha256Of } from '../dtls/pair.ts'
import { nodeCrypto } from '../providers.ts'

const installed = spawnSync('openssl', ['version']).status === 0
if (!installed && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail('openssl is not installed')
const skip = installed ? false : 'openssl is not installed'
const folder = mkdtempSync(join(tmpdir(), 'purertc-openssl-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const EXPORT = ['-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', '60']
const SRTP = ['-use_srtp', 'SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80']

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

/** Writes a certificate and its key where OpenSSL reads them; returns its options. */
const pemFiles = (name: string, { der, privateKey }: Certificate): string[] => {
  const cert = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  // RFC 7468 wants lines of 64, OpenSSL takes longer ones.
  writeFileSync(cert, pem('CERTIFICATE', der))
  writeFileSync(key, pem('PRIVATE KEY', privateKey.pkcs8))
  return ['-cert', cert, '-key', key]
}

/** A process of OpenSSL's and all that it has said. */
class OpenSsl {
  output = ''
  readonly process: ChildProcessWithoutNullStreams

  constructor(args: readonly string[]) {
    this.process = spawn('openssl', args)
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.output += text
      })
    }
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (this.process.exitCode !== null) throw new Error(`openssl has ended: ${this.output}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGKILL')
    await once(this.process, 'exit')
  }
}

/** Our end, driven by a real socket and a real clock. */
class UdpEnd {
  readonly events: DtlsEvent[] = []
  readonly keyLog: string[] = []
  received = ''
  readonly dtls: DtlsConnection
  #timer: NodeJS.Timeout | undefined

  constructor(
    readonly socket: Socket,
    options: Pick<DtlsOptions, 'role' | 'certificate' | 'fingerprints'> & Partial<DtlsOptions>,
    public port = 0,
  ) {
    this.dtls = new DtlsConnection({
      crypto: nodeCrypto,
      transmit: packet => socket.send(packet.view(), this.port, '127.0.0.1'),
      deliver: data => {
        this.received += new TextDecoder().decode(data)
      },
      trace: { keyLog: line => this.keyLog.push(line) },
      ...options,
    })
    socket.on('message', (bytes, from) => {
      this.port = from.port
      this.dtls.receive(bytes, performance.now())
      this.settle()
    })
  }

  static async open(options: ConstructorParameters<typeof UdpEnd>[1], port = 0): Promise<UdpEnd> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const end = new UdpEnd(socket, options, port)
    end.dtls.start(performance.now())
    end.settle()
    return end
  }

  settle(): void {
    for (let event = this.dtls.nextEvent(); event !== undefined; event = this.dtls.nextEvent()) this.events.push(event)
    clearTimeout(this.#timer)
    if (this.dtls.deadline === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(
      () => {
        this.dtls.advance(performance.now())
        this.settle()
      },
      Math.max(0, this.dtls.deadline - performance.now()),
    )
  }

  send(text: string): void {
    this.dtls.send(Packet.copy(utf8(text)), performance.now())
    this.settle()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const failed = this.events.find(event => event.type === 'failed')
      if (failed !== undefined) throw failed.error
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  close(): void {
    this.dtls.close(performance.now())
    clearTimeout(this.#timer)
    this.socket.close()
  }
}

interface Case {
  readonly key: KeyType
  readonly openssl?: readonly string[]
  readonly ours?: Partial<DtlsOptions>
  readonly suite: string
  readonly group?: string
}

const CASES: readonly Case[] = [
  { key: 'ec-p256', suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
  {
    key: 'ec-p256',
    openssl: ['-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    suite: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  },
  {
    key: 'ec-p256',
    openssl: ['-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    suite: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  },
  {
    key: 'ec-p256',
    openssl: ['-groups', 'P-256'],
    suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    group: 'secp256r1',
  },
  {
    key: 'ec-p384',
    openssl: ['-groups', 'P-384'],
    suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    group: 'secp384r1',
  },
  { key: 'rsa', suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
  {
    key: 'rsa',
    openssl: ['-sigalgs', 'RSA+SHA256', '-client_sigalgs', 'RSA+SHA256'],
    suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  },
  { key: 'ed25519', suite: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
]

const nameOf = ({ key, openssl = [] }: Case): string => [key, ...openssl].join(' ')

const checkSession = (t: Test, end: UdpEnd, { suite, group = 'x25519' }: Case, theirs: Certificate): void => {
  const { dtls } = end
  t.equal(dtls.version, 0xfefd)
  t.equal(dtls.group, group)
  t.equal(dtls.cipherSuite?.name, suite)
  t.equal(dtls.srtpProfile, 'SRTP_AEAD_AES_128_GCM')
  t.strictSame(dtls.remoteCertificate, theirs.der)
  t.ok(parseCertificate(theirs.der))
}

/** The value behind a name in what OpenSSL prints of a session. */
const printed = async (openssl: OpenSsl, name: string): Promise<string> =>
  (await openssl.says(new RegExp(`${name}: ?([0-9A-F]+)\\s`)))[1]!.toLowerCase()

const exported = (end: UdpEnd): string => hex(end.dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60))

t.test('as the client of openssl s_server', { skip }, async t => {
  // OpenSSL 3.0 chooses an Ed25519 certificate for a server in TLS 1.2, but not in DTLS 1.2.
  for (const each of CASES.filter(({ key }) => key !== 'ed25519')) {
    await t.test(nameOf(each), async t => {
      const ours = await certificate(each.key, 'ours')
      const theirs = await certificate(each.key, 'theirs')
      const server = new OpenSsl([
        ...['s_server', '-dtls1_2', '-accept', '127.0.0.1:0', '-verify', '1'],
        ...[...pemFiles(`server-${each.key}`, theirs), ...SRTP, ...EXPORT, ...(each.openssl ?? [])],
      ])
      t.teardown(() => server.end())
      const port = Number((await server.says(/ACCEPT 127\.0\.0\.1:(\d+)/))[1])
      const end = await UdpEnd.open(
        { role: 'client', certificate: ours, fingerprints: [sha256Of(theirs)], ...each.ours },
        port,
      )
      t.teardown(() => end.close())
      await end.until(() => end.dtls.state === 'connected')
      checkSession(t, end, each, theirs)
      t.equal(await printed(server, 'Keying material'), exported(end))
      end.send('to openssl\n')
      await server.says(/to openssl/)
      server.process.stdin.write('from openssl\n')
      await end.until(() => end.received.includes('from openssl\n'))
      end.dtls.close(performance.now())
      await server.says(/DONE/)
    })
  }
})

t.test('as the server of openssl s_client', { skip }, async t => {
  for (const each of CASES) {
    await t.test(nameOf(each), async t => {
      const ours = await certificate(each.key, 'ours')
      const theirs = await certificate(each.key, 'theirs')
      const end = await UdpEnd.open({
        role: 'server',
        certificate: ours,
        fingerprints: [sha256Of(theirs)],
        cookieExchange: each.key === 'ec-p384',
        ...each.ours,
      })
      t.teardown(() => end.close())
      const client = new OpenSsl([
        ...['s_client', '-dtls1_2', '-connect', `127.0.0.1:${end.socket.address().port}`],
        ...[...pemFiles(`client-${each.key}`, theirs), ...SRTP, ...EXPORT, ...(each.openssl ?? [])],
      ])
      t.teardown(() => client.end())
      await end.until(() => end.dtls.state === 'connected')
      checkSession(t, end, each, theirs)
      t.equal(await printed(client, 'Keying material'), exported(end))
      t.equal(end.keyLog[0]?.split(' ')[2], await printed(client, 'Master-Key'))
      client.process.stdin.write('from openssl\n')
      await end.until(() => end.received.includes('from openssl\n'))
      end.send('to openssl\n')
      await client.says(/to openssl/)
      client.process.stdin.write('Q\n')
      await end.until(() => end.dtls.state === 'closed')
    })
  }
})
