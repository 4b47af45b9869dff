/**
 * Chromium: the system's when there is one, else the headless shell of the npm package `@sparticuz/chromium`, so that
 * there is a real browser wherever npm runs. `PURERTC_CHROMIUM` names another, or `package` for the packaged one.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { drive, launch } from './browser.ts'
import { CannotStart, type PeerStarter } from './driver.ts'

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable']

/** A version whose DTLS has no post-quantum key exchange, as the package has it; 156 has one. What is between was not seen. */
const LAST_CLASSICAL = 147

export interface ChromiumOptions {
  /**
   * Shows host candidates as names, announced by multicast: only where that stays inside (`namespaces.ts`). By default
   * they are addresses.
   */
  readonly mdns?: boolean
  /** Has a camera and a microphone that make a test pattern and beeps, and asks nobody whether a page may use them. */
  readonly camera?: boolean
}

/** What the browser may find. Its TCP connections to a TURN server or a candidate ask for the address as for a name. */
const findable = (mdns: boolean): string[] => [
  'localhost',
  '127.0.0.1',
  ...Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address)),
  ...(mdns ? ['*.local'] : []),
]

const CAMERA = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
]

const argumentsFor = ({ mdns = false, camera = false }: ChromiumOptions): string[] => [
  ...(camera ? CAMERA : []),
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  // Its own errands cannot even be looked up.
  `--host-resolver-rules=${['MAP * ~NOTFOUND', ...findable(mdns).map(name => `EXCLUDE ${name}`)].join(' , ')}`,
  `--disable-features=${mdns ? '' : 'WebRtcHideLocalIpsWithMdns,'}OptimizationHints,MediaRouter`,
]

interface Executable {
  readonly path: string
  readonly environment?: Record<string, string>
}

/** Where the package's browser is unpacked to: 200 MB that the next run finds again, and that go with node_modules. */
const CACHE = join('node_modules', '.cache', 'purertc')

/**
 * Unpacks the package's browser, once for each version: beside its place and then renamed, so that processes that
 * start together neither see half a file nor write to a program that another one runs.
 */
async function unpack(): Promise<Executable> {
  const { version } = JSON.parse(readFileSync('node_modules/@sparticuz/chromium/package.json', 'utf8'))
  const folder = resolve(CACHE, `chromium-${version}`)
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true })
    const work = mkdtempSync(resolve(CACHE, 'unpacking-'))
    const before = { TMPDIR: process.env.TMPDIR, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH }
    try {
      // The package unpacks into the folder for temporary files, and with the second variable its shared libraries too.
      process.env.TMPDIR = work
      process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs20.x'
      const { default: chromium } = await import('@sparticuz/chromium')
      await chromium.executablePath()
      renameSync(work, folder)
    } catch (error) {
      rmSync(work, { recursive: true, force: true })
      if (!existsSync(folder)) throw error
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
  }
  // The package's own list of font folders names places outside; a page with text and no font at all is the renderer's end.
  const fonts = join(folder, 'fonts.conf')
  writeFileSync(
    fonts,
    `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'cache')}</cachedir></fontconfig>`,
  )
  return {
    path: join(folder, 'chromium'),
    environment: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: fonts },
  }
}

async function find(): Promise<Executable> {
  const wanted = process.env.PURERTC_CHROMIUM
  if (wanted === 'package') return unpack()
  const path = wanted ?? SYSTEM.find(existsSync)
  return path === undefined ? unpack() : { path }
}

/** Rejects with `CannotStart` when there is none that runs on this machine. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const { path, environment } = await find().catch(error => {
    throw new CannotStart('chromium', error)
  })
  return launch('chromium', {
    executablePath: path,
    headless: 'shell',
    args: argumentsFor(options),
    // Without a locale it cannot open a file whose name is outside ASCII.
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
  })
}

export const chromium: PeerStarter = {
  name: 'chromium',
  start: async () => {
    const browser = await launchChromium()
    const version = Number(/\/(\d+)\./.exec(await browser.version())?.[1])
    return drive('chromium', browser, { classicalGroups: version <= LAST_CLASSICAL })
  },
}
