/** Firefox: the system's (Debian's firefox-esr). `PURERTC_FIREFOX` names another. */

import { existsSync } from 'node:fs'
import { drive, launch } from './browser.ts'
import { CannotStart, type PeerStarter } from './driver.ts'

const SYSTEM = ['/usr/bin/firefox-esr', '/usr/bin/firefox']

/** No errands of its own, and what are left cannot be looked up; addresses instead of names that would be announced by multicast. */
const PREFERENCES = {
  'media.peerconnection.ice.obfuscate_host_addresses': false,
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

export const firefox: PeerStarter = {
  name: 'firefox',
  start: async () => {
    const path = process.env.PURERTC_FIREFOX ?? SYSTEM.find(existsSync)
    if (path === undefined) throw new CannotStart('firefox', 'it is not installed')
    const browser = await launch('firefox', {
      browser: 'firefox',
      executablePath: path,
      headless: true,
      extraPrefsFirefox: PREFERENCES,
    })
    return drive('firefox', browser)
  },
}
