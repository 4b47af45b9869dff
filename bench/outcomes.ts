/** The outcomes of one case: a value for each round, or why there is none. */

import { type Summary, summarize } from './statistics.ts'

export class Outcomes<T extends object> {
  readonly rounds: T[] = []
  readonly failures: string[] = []

  /** Over the rounds that did not fail and have such a figure; undefined when there is none. */
  summary(of: keyof T): Summary | undefined {
    const values = this.rounds.map(round => round[of]).filter(value => typeof value === 'number')
    return values.length === 0 ? undefined : summarize(values)
  }

  async add(measure: () => Promise<T>): Promise<void> {
    try {
      this.rounds.push(await measure())
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error))
    }
  }
}

/** A line for each case that failed. */
export const failureLines = (byName: ReadonlyMap<string, Outcomes<object>>): string[] =>
  [...byName].flatMap(([name, { failures }]) =>
    failures.length === 0 ? [] : [`  ${name} fails (${failures.length} times): ${[...new Set(failures)].join('; ')}`],
  )

export const anyMeasured = (byName: ReadonlyMap<string, Outcomes<object>>): boolean =>
  [...byName.values()].some(({ rounds, failures }) => rounds.length + failures.length > 0)
