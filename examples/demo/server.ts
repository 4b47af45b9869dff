/**
 * The demonstration that `npm start` runs: connects to itself once, then serves a page on localhost that connects to
 * this process. `PORT` chooses the port (3000 by default, 0 for any free one).
 */

import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { createPageHandler, isOurs } from './page-files.ts'
import { checkOverLoopback } from './self-check.ts'
import { Stage } from './stage.ts'
import { Visitor } from './visitor.ts'

const DEFAULT_PORT = 3000
const MOST_VISITORS = 64
/** Bytes of a signalling message: a description with a camera has about ten thousand. */
const LARGEST_SIGNAL = 256 << 10
/** Milliseconds for everything to be closed in before the process ends regardless. */
const FAREWELL = 5000

const fail = (line: string): never => {
  console.error(line)
  process.exit(1)
}

const portOf = (text: string | undefined): number => {
  if (text === undefined || text === '') return DEFAULT_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65536
  return port < 65536 ? port : fail(`PORT must be a number from 0 to 65535, not "${text}".`)
}

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code)

const visitors = new Set<Visitor>()
const stage = new Stage()
let count = 0
const signalling = new WebSocketServer({ noServer: true, maxPayload: LARGEST_SIGNAL })

/** Only this page may connect: another site's page in the same browser could otherwise do so as well. */
const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
  const { host = '', origin } = request.headers
  const refusal =
    request.url !== '/signal'
      ? '404 Not Found'
      : !isOurs(host) || origin !== `http://${host}`
        ? '403 Forbidden'
        : visitors.size >= MOST_VISITORS
          ? '503 Service Unavailable'
          : undefined
  if (refusal !== undefined) {
    socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return
  }
  signalling.handleUpgrade(request, socket, head, webSocket => {
    const visitor = new Visitor(webSocket, `page ${++count}`, stage, line => console.log(line))
    visitors.add(visitor)
    webSocket.on('close', () => visitors.delete(visitor))
  })
}

const page = createPageHandler()
const create = (): Server => createServer(page).on('upgrade', upgrade)
const servers = [create()]
const wanted = portOf(process.env.PORT)
let port = wanted
let name = 'localhost'
try {
  port = await listen(servers[0]!, '127.0.0.1', wanted)
} catch (error) {
  if (codeOf(error) === 'EADDRINUSE') fail(`Port ${wanted} is taken: choose another one with PORT.`)
  fail(`Port ${wanted} cannot be opened: ${codeOf(error)}.`)
}
try {
  const second = create()
  await listen(second, '::1', port)
  servers.push(second)
} catch (error) {
  // Where "localhost" leads to somebody else's [::1], the address is named instead.
  if (codeOf(error) === 'EADDRINUSE') name = '127.0.0.1'
}

let ending = false
const end = (): void => {
  if (ending) process.exit(1)
  ending = true
  console.log('Closing.')
  for (const visitor of visitors) visitor.close()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  setTimeout(() => fail('Something would not close.'), FAREWELL).unref()
}
process.on('SIGINT', end)
process.on('SIGTERM', end)

const { version } = JSON.parse(readFileSync(new URL(import.meta.resolve('purertc/package.json')), 'utf8'))
console.log(`purertc ${version} on Node ${process.version}`)
try {
  const check = await checkOverLoopback()
  console.log(
    `Connected to itself over loopback (${check.address}): open in ${check.open.toFixed(0)} ms (${check.security}), ` +
      `${check.echoed} of ${check.sent} messages echoed.`,
  )
} catch (error) {
  fail(`Connecting to itself failed: ${error}`)
}
if (!ending) console.log(`Open http://${name}:${port}/ in a browser; Ctrl-C ends.`)
