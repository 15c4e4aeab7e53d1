import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { collectGarbage, type Measured, thisProcess } from './stopwatch.ts'

/** A program beside this one, whose processor time is not counted here. */
export interface Peer extends AsyncDisposable {
  /** Sends it a message and waits for its answer. One at a time. */
  ask(message: unknown): Promise<unknown>
  /** Waits for what it says next. */
  next(): Promise<unknown>
}

/** Starts a program with this Node, with flags of Node's if there are some; it ends when its channel to us is closed. */
export function startPeer(
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Peer {
  const child: ChildProcess = fork(fileURLToPath(file), args, {
    execArgv: [...flags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const next = async (): Promise<unknown> => {
    const [message] = (await once(child, 'message')) as [unknown]
    return message
  }
  return {
    next,
    ask(message) {
      const answer = next()
      child.send(message as object)
      return answer
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

/** What a program is asked that is measured by its parent, and answers with {@link letMeasure}. */
type Question = { readonly ask: 'cpu' } | { readonly ask: 'collect'; readonly part: Part }

type Part = Parameters<Measured['collect']>[0]

/** As a busy process has it (decision 219): V8 makes the young generation smaller while another has its turn. */
const YOUNG = ['--min-semi-space-size=16', '--max-semi-space-size=16']

/** Starts a program that is measured, with this Node; it ends when its channel to us is closed. */
export function startMeasured(file: string, args: readonly string[] = []): Peer & Measured {
  const peer = startPeer(file, args, ['--expose-gc', ...YOUNG])
  const ask = (question: Question): Promise<unknown> => peer.ask(question)
  return {
    ...peer,
    cpu: async () => (await ask({ ask: 'cpu' })) as number,
    collect: (part) => ask({ ask: 'collect', part }),
  }
}

/** Answers what a parent asks that measures this process. */
export function letMeasure(): void {
  process.on('message', (question: Question) => {
    if (question.ask === 'collect') collectGarbage(question.part)
    process.send?.(thisProcess.cpu())
  })
}
