/** A page of a browser with the other end of audio and video in it (`page/media.js`), and what it signals. */

import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'puppeteer-core'
import { serve } from './browser.ts'

/** Scripts run from the root of the repository, and the build does not copy them. */
const SCRIPTS = {
  'media.js': 'spec/interop/page/media.js',
  'negotiator.js': 'spec/interop/page/negotiator.js',
}
const HTML = `<!doctype html><meta charset="utf-8"><title>purertc media</title><script type="module">
import { MediaEnd } from '/media.js'
globalThis.end = new MediaEnd()
</script>`

interface World {
  end?: Record<string, (...args: unknown[]) => unknown>
  signal?: (text: string) => void
}

export type Signal = Readonly<Record<string, unknown>>

export class MediaPage {
  readonly page: Page
  /** Takes what the page signals, in order. */
  onsignal: (signal: Signal) => void = () => {}
  readonly #close: () => Promise<void>

  private constructor(page: Page, close: () => Promise<void>) {
    this.page = page
    this.#close = close
  }

  static async open(browser: Browser): Promise<MediaPage> {
    const server = await serve(HTML, SCRIPTS)
    const page = await browser.newPage()
    const opened = new MediaPage(page, async () => {
      await page.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    await page.exposeFunction('signal', (text: string) => opened.onsignal(JSON.parse(text)))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction(() => (globalThis as World).end !== undefined)
    return opened
  }

  /** Makes the page's connection. */
  create(polite: boolean, configuration: object = {}): Promise<unknown> {
    return this.page.evaluate(
      (configuration, polite) => {
        const { end, signal } = globalThis as World
        end?.create?.(configuration, polite, (told: unknown) => signal?.(JSON.stringify(told)))
      },
      configuration,
      polite,
    )
  }

  /** Calls a method of the page's end. */
  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.page.evaluate(
      async (method, args) => await (globalThis as World).end?.[method]?.(...args),
      method,
      args as unknown[],
    ) as Promise<T>
  }

  close(): Promise<void> {
    return this.#close()
  }
}
