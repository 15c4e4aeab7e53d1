/** Runs the benchmark that its argument names, alone in this process, and sends the reading to its parent. */
import { loadBenchmark } from './catalogue.ts'
import { compare } from './compare.ts'
import { measure } from './measure.ts'
import type { Reading } from './result.ts'

const [id = ''] = process.argv.slice(2)
const benchmark = await loadBenchmark(id)
const figures =
  benchmark.kind === 'comparison' ? await compare(benchmark) : await measure(benchmark)
const reading: Reading = { title: benchmark.title, node: process.version, ...figures }
if (process.send === undefined) throw new Error('Expected a parent to tell the reading to')
process.send(reading, () => process.disconnect?.())
