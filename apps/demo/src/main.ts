import { run } from '@yuzuru/concurrency'
import { ServerError } from '@yuzuru/server'
import { parseCommandLine } from './command-line.ts'
import { demo } from './demo.ts'
import { printForNobody, SHUTDOWN_SIGNALS } from './ending.ts'

printForNobody()
const options = parseCommandLine(process.argv.slice(2))

try {
  await run(() => demo(options), { name: 'けいかくん', shutdownSignals: SHUTDOWN_SIGNALS })
} catch (error) {
  if (!ServerError.isInstance(error)) throw error
  console.error(`${error.message} with --port`)
  process.exitCode = 2
}
