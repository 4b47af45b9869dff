/** What is shown with the camera and the microphone of a browser, in both roles. */

import type { Browser } from 'puppeteer-core'
import t from 'tap'
import { CannotStart } from '../drivers/driver.ts'
import { agreements } from './agreements.ts'
import { changes } from './changes.ts'
import { exchanges } from './exchange.ts'
import { MediaPair, type Scenario } from './pair.ts'
import { paths } from './paths.ts'

/** Runs everything with one browser, or what the regular expression `PURERTC_SCENARIO` finds in a title. */
export async function mediaInterop(name: string, launch: () => Promise<Browser>): Promise<void> {
  const browser = await launch().catch((error: unknown) => {
    if (error instanceof CannotStart) return error.message
    throw error
  })
  if (typeof browser === 'string') {
    if (process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(browser)
    return void t.test(name, { skip: browser }, () => {})
  }
  t.comment(`peer: ${await browser.version()}`)
  t.teardown(() => browser.close())

  const run = ({ title, run, options, fails }: Scenario, weOffer: boolean) =>
    t.test(
      `${name} ${weOffer ? 'answers' : 'offers'}: ${title}`,
      { skip: fails?.(name, weOffer) ?? false },
      async t => {
        const pair = await MediaPair.open(browser, { politePage: weOffer, ...options })
        try {
          await run(t, pair, weOffer)
          t.same(await pair.errors(), [], 'no error in the signalling')
        } catch (error) {
          for (const fact of [await pair.state(), await pair.errors(), pair.ours.events])
            t.comment(JSON.stringify(fact))
          throw error
        } finally {
          await pair.close()
        }
      },
    )

  const wanted = new RegExp(process.env.PURERTC_SCENARIO ?? '')
  for (const scenario of [...exchanges, ...changes, ...paths, ...agreements]) {
    if (!wanted.test(scenario.title)) continue
    for (const weOffer of [false, true]) await run(scenario, weOffer)
  }
}
