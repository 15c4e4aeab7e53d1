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
  const hint = hintFor(error)
  if (hint === undefined) throw error
  console.error(hint)
  process.exitCode = 2
}

/** What to say of a start that only its user can mend: a taken port, a folder in use. */
function hintFor(error: unknown): string | undefined {
  if (ServerError.isInstance(error)) return `${error.message} with --port`
  const isTaken = error instanceof Error && 'code' in error && error.code === 'folder_in_use'
  return isTaken ? error.message : undefined
}
