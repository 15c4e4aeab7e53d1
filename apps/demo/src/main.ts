import { run } from '@yuzuru/concurrency'
import { parseCommandLine } from './command-line.ts'
import { demo } from './demo.ts'
import { PortUnavailable } from './web/serve.ts'

const options = parseCommandLine(process.argv.slice(2))

try {
  await run(() => demo(options), { name: 'けいかくん' })
} catch (error) {
  if (!(error instanceof PortUnavailable)) throw error
  console.error(`${error.message} with --port`)
  process.exitCode = 2
}
