/**
 * `pnpm bench [NAME …] [--node26 | --node24] [--processes 3] [--json | --markdown] [--list] [--save] [--page]`
 *
 * NAME is a folder (`concurrency`) or one benchmark (`concurrency/semaphore`); default: all.
 * `--save` keeps each result in `bench/results`; `--page` measures nothing and writes `docs/benchmarks.md`.
 * A missed bar is printed and is not a failure, for the machine may be busy; a wrong result is one.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chosenBenchmarks } from './catalogue.ts'
import { page, PAGE, readNotes } from './page/page.ts'
import { format, markdown, summary } from './report.ts'
import type { Result } from './result.ts'
import { runBenchmark } from './run-benchmark.ts'
import { type Runtime, RUNTIMES } from './runtimes.ts'
import { begin, save } from './saved/save.ts'
import { savedRuns } from './saved/saved-run.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    node24: { type: 'boolean', default: false },
    node26: { type: 'boolean', default: false },
    processes: { type: 'string', default: '3' },
  },
})

const processes = Number(values.processes)
if (!Number.isSafeInteger(processes) || processes < 1) {
  throw new TypeError(`Expected --processes to be an integer from 1 up, got ${values.processes}`)
}
const ids = chosenBenchmarks(positionals)
if (values.list) console.log(ids.join('\n'))
else if (values.page) writeFileSync(PAGE, page(savedRuns(), readNotes()))
else await runAll(values.json || values.markdown ? () => undefined : console.log)

async function runAll(print: (text: string) => void): Promise<void> {
  const results: Result[] = []
  const failures: string[] = []
  for (const id of ids) {
    const beginning = begin()
    try {
      const each: Result[] = []
      for (const runtime of wantedRuntimes()) {
        const result = await runBenchmark(id, runtime, processes)
        print(`\n${format(result)}`)
        each.push(result)
      }
      results.push(...each)
      if (values.save && !save(each, beginning, { processes, flags: flags() })) {
        print(`${id}: nothing to save`)
      }
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  print(`\n${summary(results)}`)
  if (values.json) console.log(JSON.stringify(results, undefined, 2))
  if (values.markdown) console.log(markdown(results))
  for (const failure of failures) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

function wantedRuntimes(): readonly Runtime[] {
  if (values.node24 === values.node26) return RUNTIMES
  return values.node24 ? ['node24'] : ['node']
}

/** What the command says beside the name of the benchmark. */
function flags(): string[] {
  const [runtime, ...others] = wantedRuntimes()
  const on = others.length > 0 ? [] : [runtime === 'node24' ? '--node24' : '--node26']
  return values.processes === '3' ? on : [...on, `--processes ${processes}`]
}
