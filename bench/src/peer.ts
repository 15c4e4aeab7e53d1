import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

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
