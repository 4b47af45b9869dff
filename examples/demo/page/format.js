/** Numbers as people read them. */

/** @param {number} bytes */
export const bytes = bytes => {
  const units = ['B', 'kB', 'MB', 'GB']
  let unit = 0
  let amount = bytes
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 2 : amount < 100 ? 1 : 0)} ${units[unit]}`
}

/** @param {number} ms */
export const milliseconds = ms => `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`

/**
 * @param {number} amount bytes
 * @param {number} ms
 */
export const rate = (amount, ms) => `${bytes((amount / Math.max(ms, 0.001)) * 1000)}/s`
