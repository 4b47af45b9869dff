/**
 * A browser, driven by puppeteer (Chromium by CDP, Firefox by WebDriver BiDi), with the agent in one of its pages.
 *
 * The page is served on 127.0.0.1, a secure context, where `crypto.subtle` exists. Nothing goes out of the machine:
 * no ICE servers, no mDNS, and the browsers' own errands (updates, telemetry, settings) are switched off.
 */

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import puppeteer, { type Browser, type LaunchOptions } from 'puppeteer-core'
import { AGENT, CannotStart, type Driver, type Quirks } from './driver.ts'

/** Longest time for a browser to start, in milliseconds. */
const START = 60_000
/** Longest time for a call into the page to answer, in milliseconds: for a bulk transfer, or for the next signal. */
const CALL = 600_000

const PAGE = `<!doctype html><meta charset="utf-8"><title>purertc interop</title><script type="module">
import { Agent } from '/agent.js'
globalThis.agent = new Agent(RTCPeerConnection)
</script>`

/** Serves a page and the scripts that it imports, by name. */
export function serve(page: string, scripts: Readonly<Record<string, string>>): Promise<Server> {
  const files: Record<string, { type: string; body: string | Buffer }> = {
    '/': { type: 'text/html; charset=utf-8', body: page },
  }
  for (const [name, path] of Object.entries(scripts)) {
    files[`/${name}`] = { type: 'text/javascript; charset=utf-8', body: readFileSync(path) }
  }
  const server = createServer((request, response) => {
    const file = files[request.url ?? '']
    if (file === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': file.type }).end(file.body)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

/** The agent in the page, seen from the functions that are evaluated there. */
interface Page {
  agent?: Record<string, (...args: unknown[]) => unknown>
}

/** Rejects with `CannotStart` when the browser does not run on this machine. */
export const launch = (name: string, options: LaunchOptions): Promise<Browser> =>
  puppeteer.launch({ timeout: START, protocolTimeout: CALL, ...options }).catch(error => {
    throw new CannotStart(name, error)
  })

/** The driver for a browser that has been launched, and that is closed with it. */
export async function drive(name: string, browser: Browser, quirks: Quirks = {}): Promise<Driver> {
  const server = await serve(PAGE, { 'agent.js': AGENT })
  const close = async () => {
    await browser.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction(() => (globalThis as Page).agent !== undefined)
    const call = (method: string, ...args: readonly unknown[]): Promise<unknown> =>
      page.evaluate(
        async (method, args) => await (globalThis as Page).agent?.[method]?.(...args),
        method,
        args as unknown[],
      )
    return { name: `${name} (${await browser.version()})`, quirks, call, close }
  } catch (error) {
    await close()
    throw error
  }
}
