import { run } from '@yuzuru/concurrency'
import { parseCommandLine } from './command-line.ts'
import { demo } from './demo.ts'

const options = parseCommandLine(process.argv.slice(2))

await run(() => demo(options), { name: 'けいかくん' })
