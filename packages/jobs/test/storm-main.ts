/**
 * The long storm: `pnpm storm [jobs of each kind] [yuzuru | all] [blows]`. By itself it is ours, with steps and batches besides; its exit code
 * says whether all that is promised held. With `all` graphile-worker and pg-boss stand in the same storm, each with the jobs
 * of the two kinds that all have, and a table says what became of them. Given a number of blows, no more than those come.
 */
import { boss, type Contender, graphile, yuzuru } from './storm-contenders.ts'
import { type StormRow, stormTable } from './storm-table.ts'
import { storm, type StormResult } from './storm.ts'

const jobs = Number(process.argv[2] ?? 50_000)
const isForAll = process.argv[3] === 'all'
const mostBlows = Number(process.argv[4] ?? Infinity)
const LONG = { workers: 4, pauseMs: 1_500, blows: 24 }
const SHORT = { workers: 1, pauseMs: 50, blows: mostBlows, mostBlows }
const BLOWS = { ...(mostBlows < Infinity ? SHORT : LONG), note: console.log }

async function alone(): Promise<void> {
  const contender = yuzuru(['plain', 'transactional', 'stepped', 'batched'])
  const result = await storm({ contender, jobs, ...BLOWS })
  console.log(result)
  if (isBroken(result)) process.exitCode = 1
}

/** What is promised of ours. */
function isBroken({ lost, doubled, unfinished, failed }: StormResult): boolean {
  const { transactional = 0, stepped = 0, batched = 0 } = doubled
  return [lost, transactional, stepped, batched, unfinished, failed].some((count) => count > 0)
}

async function compared(): Promise<void> {
  const rows: StormRow[] = []
  const all: readonly Contender[] = [yuzuru(['plain', 'transactional']), graphile, boss]
  for (const contender of all) {
    const { name, kinds } = contender
    console.log(name)
    const result = await storm({ contender, jobs, workMs: 50, ...BLOWS })
    console.log(result.errors)
    rows.push({ name, jobs: kinds.length * jobs, result })
    if (contender === all[0] && isBroken(result)) process.exitCode = 1
  }
  console.log(`${stormTable(rows)}\n`)
  for (const { name, promises } of all) console.log(`${name}: ${promises}`)
}

await (isForAll ? compared() : alone())
// All has ended; but after pg-boss Node itself goes round in its own clean-up (`Environment::CleanupHandles`) for ever.
if (isForAll) process.exit()
