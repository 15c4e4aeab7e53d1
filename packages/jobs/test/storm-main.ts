/**
 * The long storm: `pnpm storm [jobs of each kind] [yuzuru | all]`. By itself it is ours, with all of its kinds; its exit code says
 * whether all that is promised held. With `all` graphile-worker and pg-boss stand in the same storm, each with the jobs of
 * the two kinds that all have, and a table says what became of them.
 */
import { boss, type Contender, graphile, yuzuru } from './storm-contenders.ts'
import { storm, type StormResult } from './storm.ts'

const jobs = Number(process.argv[2] ?? 50_000)
const isForAll = process.argv[3] === 'all'
const BLOWS = { workers: 4, pauseMs: 1_500, blows: 24, note: console.log }

async function alone(): Promise<void> {
  const contender = yuzuru(['plain', 'transactional', 'stepped'])
  const result = await storm({ contender, jobs, ...BLOWS })
  console.log(result)
  if (isBroken(result)) process.exitCode = 1
}

/** What is promised of ours. */
function isBroken({ lost, doubled, unfinished, failed }: StormResult): boolean {
  const { transactional = 0, stepped = 0 } = doubled
  return [lost, transactional, stepped, unfinished, failed].some((count) => count > 0)
}

async function compared(): Promise<void> {
  const lines = [
    '| queue | jobs | lost | doubled, plain | doubled, transactional | failed for good | unfinished | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  const all: readonly Contender[] = [yuzuru(['plain', 'transactional']), graphile, boss]
  for (const contender of all) {
    console.log(contender.name)
    const result = await storm({ contender, jobs, workMs: 50, ...BLOWS })
    const { lost, doubled, failed, unfinished, seconds, errors } = result
    console.log(errors)
    const { plain, transactional } = doubled
    const row = [2 * jobs, lost, plain, transactional, failed, unfinished, seconds]
    lines.push(`| ${contender.name} | ${row.join(' | ')} |`)
    if (contender === all[0] && isBroken(result)) process.exitCode = 1
  }
  console.log([...lines, ''].join('\n'))
  for (const { name, promises } of all) console.log(`${name}: ${promises}`)
}

await (isForAll ? compared() : alone())
// All has ended; but after pg-boss Node itself goes round in its own clean-up (`Environment::CleanupHandles`) for ever.
if (isForAll) process.exit()
