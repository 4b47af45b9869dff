/**
 * The demonstration's page in a real Chromium: everything on it does what it says.
 */

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, ElementHandle } from 'puppeteer-core'
import t from 'tap'
import { launchChromium } from '../interop/drivers/chromium.ts'
import { CannotStart } from '../interop/drivers/driver.ts'
import { Demo } from './demo.ts'

const launch = async (): Promise<Browser | string> => {
  try {
    return await launchChromium({ camera: true })
  } catch (error) {
    if (error instanceof CannotStart) return error.message
    throw error
  }
}

const browser = await launch()
/** Set where everything is installed: a browser that cannot start is then a failure. */
if (typeof browser === 'string' && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(browser)

t.test('the page', typeof browser === 'string' ? { skip: browser } : {}, async t => {
  if (typeof browser === 'string') return
  const folder = await mkdtemp(join(tmpdir(), 'purertc-demo-'))
  const demo = new Demo('0')
  t.teardown(async () => {
    demo.process.kill('SIGKILL')
    await browser.close()
    await rm(folder, { recursive: true })
  })
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warn') problems.push(message.text())
  })
  page.on('pageerror', error => problems.push(String(error)))
  const text = async (selector: string): Promise<string> =>
    String(await page.evaluate(`document.querySelector('${selector}').textContent`))
  /** Waits until the text of an element matches, and returns it. */
  const until = async (selector: string, pattern: RegExp): Promise<string> => {
    await page.waitForFunction(`${pattern}.test(document.querySelector('${selector}').textContent)`)
    return text(selector)
  }

  await page.goto(await demo.url())
  await until('#state', /^connected in [\d.]+ ms$/)
  await page.waitForFunction(
    "[...document.querySelectorAll('main :disabled')].every(({ id }) => id === 'bulk-stop' || id === 'watch')",
  )

  await t.test('messages go back and forth', async t => {
    await until('#chat-log', /Hello from process/)
    await page.type('#chat-text', 'Grüße <b>aus</b> 東京')
    await page.keyboard.press('Enter')
    t.match(await until('#chat-log', /You said/), 'Grüße <b>aus</b> 東京You said: Grüße <b>aus</b> 東京')
  })

  await t.test('round trips are measured and drawn', async t => {
    t.match(await until('[data-figure=median]', /ms$/), /^[\d.]+ ms$/)
    t.equal(await text('[data-figure=lost]'), '0')
    const drawn = `(() => {
      const canvas = document.querySelector('#rtt-plot')
      return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)
    })()`
    t.ok(await page.evaluate(drawn))
  })

  await t.test('throughput is shown for each direction', async t => {
    await page.select('#bulk-size', '10')
    for (const direction of ['upload', 'download']) {
      await page.click(`#${direction}`)
      t.match(await until(`#${direction}-result`, / in .* s: /), /^10\.0 MB in [\d.]+ s: [\d.]+ [kM]B\/s$/)
      t.equal(await page.evaluate(`document.querySelector('#${direction}-progress').value`), 1)
    }
    await page.select('#bulk-size', '1000')
    await page.click('#download')
    await until('#download-result', / of 1\.00 GB/)
    await page.click('#bulk-stop')
    t.equal(await text('#download-result'), 'stopped')
  })

  await t.test('the camera comes back, and a second page watches it', async t => {
    const counted = (name: string) =>
      `/, [1-9]\\d+ frames/.test(document.querySelector('#${name}-figures').textContent)`
    const other = await browser.newPage()
    await other.goto(await demo.url())
    await other.waitForFunction("/^connected/.test(document.querySelector('#state').textContent)")
    t.ok(await other.evaluate("document.querySelector('#watch').disabled"), 'nobody is there to watch')
    await page.bringToFront()
    await page.click('#share')
    await page.waitForFunction(counted('echo'))
    t.match(await until('[data-figure=received]', /packets/), /^[1-9]\d* packets, /)
    await other.bringToFront()
    await other.waitForFunction("!document.querySelector('#watch').disabled")
    await other.click('#watch')
    await other.waitForFunction(counted('other'))
    await page.bringToFront()
    await until('[data-figure=viewers]', /^1$/)
    await page.click('#share')
    await other.waitForFunction("document.querySelector('#watch').textContent === 'Stop watching'")
    await page.click('#share')
    await page.waitForFunction(counted('echo'))
    await other.close()
    await until('[data-figure=viewers]', /^0$/)
    await page.click('#share')
    t.equal(await text('#camera-note'), '')
  })

  await t.test('a file comes back, and three SHA-256 are the same', async t => {
    const path = join(folder, 'a fïle.bin')
    const content = new Uint8Array(1_500_001).map((_, i) => (i * i) >> 5)
    await writeFile(path, content)
    const input = (await page.$('#file-input')) as ElementHandle<never>
    await input.uploadFile(path)
    const result = await until('#file-result', /SHA-256.+/)
    t.match(result, 'SHA-256all three are the same')
    t.match(result, 'a fïle.bin1.50 MB there and back')
    t.match(result, createHash('sha256').update(content).digest('hex'))
    // Dropped this time, and empty.
    await page.evaluate(`{
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([], 'nothing.txt'))
      document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
    }`)
    t.match(await until('#file-result', /nothing\.txt.*SHA-256.+/), createHash('sha256').digest('hex'))
    t.match(await text('#file-result'), 'all three are the same')
  })

  await t.test('both ends agree on what was negotiated', async t => {
    await until('#facts', /DTLS version/)
    const rows = (await page.evaluate(
      "[...document.querySelectorAll('#facts tr')].map(({ cells }) => [...cells].map(({ title, textContent }) => title || textContent))",
    )) as [string, string, string][]
    const facts = new Map(rows.map(([name, ...ends]) => [name, ends]))
    t.match(facts.get('DTLS version'), [/^DTLS 1\.[23]$/, facts.get('DTLS version')![0]])
    t.match(facts.get('DTLS cipher suite'), [/^TLS_/, facts.get('DTLS cipher suite')![0]])
    t.same(facts.get('DTLS role')!.toSorted(), ['client', 'server'])
    t.same(facts.get('ICE role'), ['controlling', 'controlled'])
    t.same(facts.get('Own certificate'), facts.get('Peer’s certificate')!.toReversed())
    t.match(facts.get('SCTP'), [/^connected, /, /^connected, /])
    t.match(facts.get('Candidate pair: local'), [/, udp$/, /^\S+:\d+, host, udp$/])
  })

  await t.test('an ICE restart leaves the connection up; reconnecting makes another', async t => {
    await page.click('#restart')
    await page.type('#chat-text', 'still there')
    await page.keyboard.press('Enter')
    await until('#chat-log', /You said: still there/)
    await page.click('#reconnect')
    await until('#chat-log', /still there.*Hello/)
    await until('#state', /^connected in/)
    t.match(demo.stdout, /page 1: left\n(.*\n)*page 3: connected/)
  })

  t.same(problems, [], 'no error, and nothing that the policy forbids')

  await t.test('when the process ends, the page says so', async t => {
    demo.process.kill('SIGINT')
    t.equal(await demo.ended, 0)
    await until('#notice', /has ended/)
    t.equal(await text('#state'), 'not connected')
  })
})
