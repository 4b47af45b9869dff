/** The program of `mdns.spec.ts` on the other side: the browser that `start` names, as pages have it, in a namespace of its own. */

import { drive } from '../drivers/browser.ts'
import { launchChromium } from '../drivers/chromium.ts'
import { CannotStart, type Driver } from '../drivers/driver.ts'
import { launchFirefox } from '../drivers/firefox.ts'
import { serveCalls } from '../namespaces.ts'

const launchers = { chromium: launchChromium, firefox: launchFirefox }

let driver: Driver | undefined

serveCalls(
  {
    /** Its name and version, or why it cannot start here. */
    start: async (browser: keyof typeof launchers) => {
      try {
        driver = await drive(browser, await launchers[browser]({ mdns: true }))
        return { name: driver.name }
      } catch (error) {
        if (error instanceof CannotStart) return { problem: error.message }
        throw error
      }
    },
    agent: (method: string, ...args: readonly unknown[]) => driver?.call(method, ...args),
  },
  () => driver?.close(),
)
