/** Tables of text, and the figures in them: medians with their spread. */

import type { Summary } from './statistics.ts'

const digits = (value: number) => (value >= 100 ? 0 : value >= 10 ? 1 : 2)
const number = (value: number) => value.toFixed(digits(Math.abs(value)))
export const grouped = (value: number) => Math.round(value).toLocaleString('en-US')

/** The median, and the lowest and the highest of the rounds. */
export function spread(summary: Summary | undefined, show: (value: number) => string = number): string {
  if (summary === undefined) return '-'
  const { median, lowest, highest } = summary
  return `${show(median)} (${show(lowest)}-${show(highest)})`
}

export const ratio = (one: Summary | undefined, other: Summary | undefined) =>
  one === undefined || other === undefined ? '-' : `${number(one.median / other.median)}x`

/** Rows of cells, the first of them the head: names to the left, figures to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map(row => row.join('  ').trimEnd())
    .join('\n')
}
