/** Medians, spreads and percentiles. */

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)

/** The value below which `share` (0 to 1) of the values lie, by the nearest rank. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const order = sorted(values)
  return order[Math.min(order.length - 1, Math.max(0, Math.ceil(share * order.length) - 1))] ?? Number.NaN
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const order = sorted(values)
  const middle = order.length >> 1
  const upper = order[middle] ?? Number.NaN
  return order.length % 2 === 1 ? upper : (upper + (order[middle - 1] ?? Number.NaN)) / 2
}

export interface Summary {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export const summarize = (values: readonly number[]): Summary => ({
  median: median(values),
  lowest: percentile(values, 0),
  highest: percentile(values, 1),
})
