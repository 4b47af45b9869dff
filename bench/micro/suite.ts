/** One table of a micro-bench: some ways to do the same thing, with their times. */

import Benchmark from 'benchmark'

/**
 * Runs each function for about half a second and prints its time per call, and its rate where `bytes` says how much one
 * call does.
 */
export function suite(title: string, bytes: number, ways: Readonly<Record<string, () => unknown>>): void {
  console.log(title)
  const benchmarks = new Benchmark.Suite()
  for (const [name, way] of Object.entries(ways)) benchmarks.add(name, way, { maxTime: 0.5 })
  benchmarks.on('cycle', (event: Benchmark.Event) => {
    const { name, stats } = event.target
    if (stats === undefined) return
    const rate = bytes > 0 ? `${(bytes / 1e6 / stats.mean).toFixed(0).padStart(8)} MB/s` : ''
    console.log(
      `  ${String(name).padEnd(34)}${(stats.mean * 1e6).toFixed(3).padStart(10)} us ±${stats.rme.toFixed(1)}%${rate}`,
    )
  })
  benchmarks.run()
}
