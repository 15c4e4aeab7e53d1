import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { run } from '@yuzuru/concurrency'
import { printForNobody, SHUTDOWN_SIGNALS } from '../ending.ts'
import { chaos } from './chaos.ts'
import { htmlReport } from './html-report.ts'
import { parseChaosOptions } from './options.ts'
import { figuresOf } from './strikes.ts'
import { textTable } from './table.ts'

printForNobody()
const options = parseChaosOptions(process.argv.slice(2))
const programs = {
  web: join(import.meta.dirname, 'web.js'),
  worker: join(import.meta.dirname, '../worker.js'),
}

await run(
  async () => {
    console.log(`seed ${options.seed}: --seed ${options.seed} repeats this run`)
    const result = await chaos(options, programs, (line) => console.error(line))
    const { findings, strikes, calls } = result
    const met = figuresOf(strikes, calls).map((figures, index) => {
      const { fault, struckAt } = strikes[index] ?? {}
      return [
        `${fault?.boundary}: ${fault?.name}`,
        `${((struckAt ?? 0) / 1_000).toFixed(1)} s`,
        `${((strikes[index]?.overAt ?? 0) / 1_000).toFixed(1)} s`,
        `${figures.met}`,
        `${figures.calls}`,
        `${figures.failed}`,
        `${figures.silent}`,
        `${figures.recoveredMs.toFixed(0)} ms`,
      ]
    })
    const head = [
      'fault',
      'struck at',
      'over at',
      'met',
      'requests',
      'failed and said so',
      'silent',
      'recovered after',
    ]
    console.log(`\n${textTable(head, met)}`)
    const rows = findings.map(({ what, found, holds }) => [holds ? 'held' : 'BROKEN', what, found])
    console.log(`\n${textTable(['', 'what must hold', 'found'], rows)}`)
    // pnpm runs this in the package's folder, and says where it was itself called.
    const path = resolve(process.env['INIT_CWD'] ?? '.', options.report)
    await writeFile(path, await htmlReport(options.seed, result))
    console.log(`\nThe report: ${path}`)
    if (!findings.every(({ holds }) => holds)) process.exitCode = 1
  },
  { name: 'chaos', shutdownSignals: SHUTDOWN_SIGNALS },
)
