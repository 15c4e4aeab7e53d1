import { spawn } from 'node:child_process'

/** A command of the shell, with a name for people. */
export interface Step {
  readonly name: string
  readonly command: string
}

/** How a step came out. */
export interface EndedStep extends Step {
  readonly code: number
  /** What it wrote, errors too, in the order of its writing. */
  readonly output: string
  readonly seconds: number
}

/**
 * Runs lanes of steps beside each other; those of a lane one after the other. Once a step has failed no other is begun;
 * what runs then comes to its end.
 *
 * @param onEnd is told of each step when it has ended, so that its output is in one piece
 * @returns the steps that failed
 */
export async function sideBySide(
  lanes: readonly (readonly Step[])[],
  onEnd: (step: EndedStep) => void,
): Promise<readonly EndedStep[]> {
  const failed: EndedStep[] = []
  const runLane = async (lane: readonly Step[]): Promise<void> => {
    for (const step of lane) {
      if (failed.length > 0) return
      const ended = await runStep(step)
      if (ended.code !== 0) failed.push(ended)
      onEnd(ended)
    }
  }
  await Promise.all(lanes.map(runLane))
  return failed
}

async function runStep(step: Step): Promise<EndedStep> {
  const start = performance.now()
  const { promise, resolve } = Promise.withResolvers<number>()
  const child = spawn('bash', ['-c', `exec 2>&1\n${step.command}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.once('error', (error) => {
    chunks.push(Buffer.from(String(error)))
    resolve(1)
  })
  // A signal has ended it where there is no code.
  child.once('close', (code) => resolve(code ?? 1))
  const code = await promise
  const seconds = (performance.now() - start) / 1_000
  return { ...step, code, output: Buffer.concat(chunks).toString(), seconds }
}

/**
 * Reads lanes as `.ci/run` gives them: `--lane` begins one, and `name: command` is a step of it, whose command has
 * no colon before a space.
 *
 * @throws {TypeError} on anything else
 */
export function lanesOf(args: readonly string[]): Step[][] {
  const lanes: Step[][] = []
  for (const arg of args) {
    const at = arg.lastIndexOf(': ')
    const lane = lanes.at(-1)
    if (arg === '--lane') lanes.push([])
    else if (lane !== undefined && at > 0 && at + 2 < arg.length) {
      lane.push({ name: arg.slice(0, at), command: arg.slice(at + 2) })
    } else throw new TypeError(`Expected --lane or "name: command", got ${JSON.stringify(arg)}`)
  }
  return lanes
}
