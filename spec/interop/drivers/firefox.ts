/** Firefox: the system's (Debian's firefox-esr). `PURERTC_FIREFOX` names another. */

import { existsSync } from 'node:fs'
import type { Browser } from 'puppeteer-core'
import { drive, launch } from './browser.ts'
import { CannotStart, type PeerStarter } from './driver.ts'

const SYSTEM = ['/usr/bin/firefox-esr', '/usr/bin/firefox']

/** No errands of its own, and what are left cannot be looked up. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disabled': true,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.unified': false,
}

export interface FirefoxOptions {
  /**
   * Shows host candidates as names, which multicast resolves: only where that stays inside (`namespaces.ts`). By default
   * they are addresses.
   */
  readonly mdns?: boolean
  /** Has a camera and a microphone that make a test pattern and a tone, and asks nobody whether a page may use them. */
  readonly camera?: boolean
}

const CAMERA = {
  'media.autoplay.blocking_policy': 0,
  'media.autoplay.default': 0,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
}

/** Rejects with `CannotStart` when there is none that runs on this machine. */
export async function launchFirefox({ mdns = false, camera = false }: FirefoxOptions = {}): Promise<Browser> {
  const path = process.env.PURERTC_FIREFOX ?? SYSTEM.find(existsSync)
  if (path === undefined) throw new CannotStart('firefox', 'it is not installed')
  return launch('firefox', {
    browser: 'firefox',
    executablePath: path,
    headless: true,
    extraPrefsFirefox: {
      ...PREFERENCES,
      ...(camera && CAMERA),
      'media.peerconnection.ice.obfuscate_host_addresses': mdns,
    },
  })
}

/** It takes a gigabyte by itself. */
const LARGE = { sizes: [1 << 20, (1 << 20) + 1, 4 << 20] } as const

export const firefox: PeerStarter = {
  name: 'firefox',
  start: async () => drive('firefox', await launchFirefox(), { interleaves: true, withLargeMessages: LARGE }),
}
