import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { combine, type Reading, type Result } from './result.ts'
import { programOf, type Runtime } from './runtimes.ts'

const child = fileURLToPath(import.meta.resolve('./child.ts'))

/**
 * Runs one benchmark in processes of its own: what one leaves in the heap and in the compiler's mind is
 * no burden to the next. Several, because a compiler that was lucky once stays so as long as its process.
 *
 * @throws {Error} when it gave a wrong result or did not end well
 */
export async function runBenchmark(
  id: string,
  runtime: Runtime,
  processes: number,
): Promise<Result> {
  const readings: [Reading, ...Reading[]] = [await readingOf(id, runtime)]
  while (readings.length < processes) readings.push(await readingOf(id, runtime))
  return combine(id, readings)
}

async function readingOf(id: string, runtime: Runtime): Promise<Reading> {
  const running = fork(child, [id], {
    execPath: programOf(runtime),
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let reading: Reading | undefined
  running.on('message', (message) => (reading = message as Reading))
  const [code] = (await once(running, 'exit')) as [number | null]
  if (code !== 0 || reading === undefined) throw new Error(`${id} failed on ${runtime}`)
  return reading
}
