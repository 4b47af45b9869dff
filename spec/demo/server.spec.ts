/** The demonstration of `npm start`: it connects to itself, prints a URL, serves the page, and ends when asked. */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { get, type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { type RTCDataChannel, RTCPeerConnection } from '../../lib/index.ts'
import { Demo } from './demo.ts'

const fetchText = async (url: string, headers: Record<string, string> = {}) => {
  const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage]
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece
  return { status: response.statusCode, headers: response.headers, text }
}

t.test('prints how it connected to itself, then a URL; serves the page; ends on SIGINT with code 0', async t => {
  const demo = new Demo('0')
  t.teardown(() => demo.process.kill('SIGKILL'))
  const url = await demo.url()
  const lines = demo.stdout.trim().split('\n')
  t.match(lines[0], /^purertc \d+\.\d+\.\d+ on Node v/)
  t.match(
    lines[1],
    /^Connected to itself over loopback \([0-9a-f.:]+\): open in \d+ ms \(DTLS 1\.\d, \w+\), 20 of 20 messages echoed\.$/,
  )
  t.match(lines[2], /^Open http:\/\/(localhost|127\.0\.0\.1):\d+\/ in a browser; Ctrl-C ends\.$/)

  const page = await fetchText(url)
  t.equal(page.status, 200)
  t.match(page.text, '<title>purertc</title>')
  t.match(page.headers['content-security-policy'], /default-src 'none'.*script-src 'self'/)
  // Nothing is loaded from elsewhere, and whatever is named is there.
  t.same(page.text.match(/(?:src|href)="(?:https?:)?\/\//g), null)
  const named = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  const files = [...new Set([...named, ...readdirSync('examples/demo/page')])]
  for (const file of files) {
    const served = await fetchText(new URL(file, url).href)
    t.equal(served.status, 200, file)
    t.equal(served.text, readFileSync(`examples/demo/page/${file}`, 'utf8'))
  }

  t.equal((await fetchText(new URL('/nowhere', url).href)).status, 404)
  t.equal((await fetchText(new URL('/%2e%2e/server.ts', url).href)).status, 404)
  t.equal((await fetchText(url, { host: 'attacker.example' })).status, 421)
  const posted = request(url, { method: 'POST' }).end()
  const [refused] = (await once(posted, 'response')) as [IncomingMessage]
  refused.resume()
  t.equal(refused.statusCode, 405)

  demo.process.kill('SIGINT')
  t.equal(await demo.ended, 0)
  t.equal(demo.stderr, '')
})

t.test('signals only to its own page, and outlives nonsense', async t => {
  const demo = new Demo('0')
  t.teardown(() => demo.process.kill('SIGKILL'))
  const url = await demo.url()
  const signal = `${url.replace('http', 'ws')}signal`
  const origin = url.slice(0, -1)

  const stranger = new WebSocket(signal, { origin: 'http://attacker.example' })
  const [error] = (await once(stranger, 'error')) as [Error]
  t.match(error.message, /403/)
  const lost = new WebSocket(`${signal}s`, { origin })
  t.match(((await once(lost, 'error')) as [Error])[0].message, /404/)

  for (const nonsense of ['{', '{"description":{"type":"offer","sdp":"nonsense"}}', '{"candidate":5}']) {
    const page = new WebSocket(signal, { origin })
    await once(page, 'open')
    page.send(nonsense)
    const [code] = (await once(page, 'close')) as [number]
    t.equal(code, 1008, nonsense)
  }
  const idle = new WebSocket(signal, { origin })
  await once(idle, 'open')
  const left = once(idle, 'close')
  demo.process.kill('SIGTERM')
  t.equal(((await left) as [number])[0], 1001)
  t.equal(await demo.ended, 0)
  t.equal(demo.stderr, '')
})

/** What comes on a channel, text as it is and bytes joined, until `enough` says so. */
const collect = (channel: RTCDataChannel, enough: (texts: string[], bytes: number) => boolean) =>
  new Promise<{ texts: string[]; bytes: Uint8Array }>(resolve => {
    const texts: string[] = []
    const pieces: Uint8Array[] = []
    let length = 0
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') texts.push(data)
      else {
        pieces.push(new Uint8Array(data as ArrayBuffer))
        length += pieces.at(-1)!.length
      }
      if (enough(texts, length)) resolve({ texts, bytes: Buffer.concat(pieces) })
    }
  })

t.test('does for a page what the page asks: messages, round trips, bytes in both directions, a file', async t => {
  const demo = new Demo('0')
  t.teardown(() => demo.process.kill('SIGKILL'))
  const url = await demo.url()
  const socket = new WebSocket(`${url.replace('http', 'ws')}signal`, { origin: url.slice(0, -1) })
  await once(socket, 'open')
  const connection = new RTCPeerConnection({ includeLoopback: true })
  const stats: { stats: { type: string }[]; sctp: { state: string } }[] = []
  connection.onicecandidate = ({ candidate }) => socket.send(JSON.stringify({ candidate }))
  socket.on('message', async data => {
    const message = JSON.parse(String(data))
    if (message.description) await connection.setRemoteDescription(message.description)
    else if (message.stats) stats.push(message)
    else if (message.candidate !== undefined) await connection.addIceCandidate(message.candidate)
  })
  const open = async (label: string): Promise<RTCDataChannel> => {
    const channel = connection.createDataChannel(label)
    channel.binaryType = 'arraybuffer'
    return channel
  }
  const [chat, ping, bulk, file] = [await open('chat'), await open('ping'), await open('bulk'), await open('file')]
  const said = collect(chat, texts => texts.length === 2)
  await connection.setLocalDescription()
  socket.send(JSON.stringify({ description: connection.localDescription }))
  await Promise.all([chat, ping, bulk, file].map(channel => once(channel, 'open')))

  chat.send('Grüße')
  t.match((await said).texts, [/^Hello from process \d+/, 'You said: Grüße'])

  const back = collect(ping, (_, bytes) => bytes === 8)
  ping.send(new Uint8Array(8).fill(7))
  t.same([...(await back).bytes], new Array(8).fill(7))

  const size = 1_000_003
  const uploaded = collect(bulk, texts => texts.some(text => JSON.parse(text).received === size))
  bulk.send(JSON.stringify({ upload: size }))
  for (let left = size; left > 0; left -= 50_000) bulk.send(new Uint8Array(Math.min(left, 50_000)))
  await uploaded
  const downloaded = collect(bulk, texts => texts.includes('{"sent":true}'))
  bulk.send(JSON.stringify({ download: size }))
  t.equal((await downloaded).bytes.length, size)

  const content = new Uint8Array(200_000).map((_, i) => i >> 3)
  const echoed = collect(file, texts => texts.length === 1)
  file.send(JSON.stringify({ name: 'a file', size: content.length }))
  for (let at = 0; at < content.length; at += 60_000) file.send(content.subarray(at, at + 60_000))
  const { texts, bytes } = await echoed
  t.equal(Buffer.compare(bytes, content), 0)
  t.equal(JSON.parse(texts[0]!).sha256, createHash('sha256').update(content).digest('hex'))

  while (!stats.some(({ sctp }) => sctp?.state === 'connected')) await once(socket, 'message')
  t.ok(stats.at(-1)!.stats.some(({ type }) => type === 'transport'))
  t.match(demo.stdout, 'page 1: connected\n')

  const closed = once(chat, 'close')
  demo.process.kill('SIGINT')
  await closed
  t.equal(await demo.ended, 0)
  t.equal(demo.stderr, '')
  connection.close()
})

t.test('a port that is taken or none at all is one clear line, and exit code 1', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as { port: number }
  const taken = new Demo(String(port))
  t.equal(await taken.ended, 1)
  t.equal(taken.stderr, `Port ${port} is taken: choose another one with PORT.\n`)
  t.equal(taken.stdout, '')
  const wrong = new Demo('http')
  t.equal(await wrong.ended, 1)
  t.equal(wrong.stderr, 'PORT must be a number from 0 to 65535, not "http".\n')
})
