/** The program of `mdns.spec.ts` on the other side: Chromium, as pages have it, in a namespace of its own. */

import { drive } from '../drivers/browser.ts'
import { launchChromium } from '../drivers/chromium.ts'
import { CannotStart, type Driver } from '../drivers/driver.ts'
import { serveCalls } from '../namespaces.ts'

let driver: Driver | undefined

serveCalls(
  {
    /** Undefined, or why it cannot start here. */
    start: async () => {
      try {
        driver = await drive('chromium', await launchChromium({ mdns: true }))
        return undefined
      } catch (error) {
        if (error instanceof CannotStart) return error.message
        throw error
      }
    },
    name: () => driver?.name,
    agent: (method: string, ...args: readonly unknown[]) => driver?.call(method, ...args),
  },
  () => driver?.close(),
)
