/** Serves the page's own files, and nothing else, under a policy that lets the page load nothing from elsewhere. */

import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

const FILES = [
  'index.html',
  'style.css',
  'icon.svg',
  'app.js',
  'camera.js',
  'chat.js',
  'connection.js',
  'facts.js',
  'file.js',
  'format.js',
  'round-trip.js',
  'throughput.js',
]

/** The page's sources are not compiled: they stand in the repository, above wherever this program was built to. */
const folder = (): string => {
  for (let path = dirname(fileURLToPath(import.meta.url)); ; path = dirname(path)) {
    const candidate = join(path, 'examples', 'demo', 'page')
    if (existsSync(join(candidate, 'index.html'))) return candidate
    if (path === dirname(path)) throw new Error('examples/demo/page is missing')
  }
}

/** A request handler for the page; the files are read once. */
export const createPageHandler = (): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const from = folder()
  const files = new Map(FILES.map(name => [`/${name}`, readFileSync(join(from, name))]))
  files.set('/', files.get('/index.html')!)

  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0]!
    const body = files.get(path)
    const host = request.headers.host ?? ''
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    if (!isOurs(host)) return answer(response, 421, 'This page is served on localhost only.\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'Only GET and HEAD.\n')
    if (body === undefined) return answer(response, 404, 'There is no such file.\n')
    // Some browsers do not count a WebSocket to the same host as 'self'.
    response.setHeader(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://${host}; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    response.setHeader('Content-Type', TYPES[path.split('.').pop() ?? ''] ?? TYPES.html!)
    response.setHeader('Content-Length', body.length)
    response.setHeader('Cache-Control', 'no-cache')
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

/** Whether a Host header names this machine itself: another name that leads here is somebody else's page (DNS rebinding). */
export const isOurs = (host: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host)

const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length })
  response.end(text)
}
