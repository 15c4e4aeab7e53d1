/** The long storm: `pnpm storm [jobs of each kind]`. Its exit code says whether all that is promised held. */
import { storm } from './storm.ts'

const jobs = Number(process.argv[2] ?? 50_000)
const result = await storm({ jobs, workers: 4, pauseMs: 1_500, blows: 24, note: console.log })
console.log(result)
const { lost, transactionalAgain, steppedAgain, stats } = result
const isBroken = lost > 0 || transactionalAgain > 0 || steppedAgain > 0
if (isBroken || stats.completed !== 3 * jobs) process.exitCode = 1
