/**
 * A program that has one job done by a worker. It counts its generations: a worker that runs it again
 * says so, and the third one stops, so that a fault is a red test and not a machine full of processes.
 */
import { processes } from '../src/processes.ts'
import { threads } from '../src/threads.ts'

const { EXECUTOR = '', GENERATION = '1', JOBS = './executor-jobs.ts' } = process.env

if (GENERATION !== '1') console.log(`generation ${GENERATION}`)
if (GENERATION === '3') process.exit(9)

await using executor = (EXECUTOR === 'threads' ? threads : processes)({
  module: new URL(JOBS, import.meta.url),
  workers: 1,
  env: { ...process.env, GENERATION: String(Number(GENERATION) + 1) },
})
const told = executor.call('add', 1, 2).catch((error: Error) => `${error.name}: ${error.message}`)
console.log(`told ${String(await told)}`)

/** Its job, where the workers are to load the program itself. */
export const add = (a: number, b: number): number => a + b
