import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** Runs a program in a process of its own; once it prints `ready`, each signal is sent in turn. */
export async function program(
  source: string,
  signals: readonly NodeJS.Signals[] = [],
  stdin: 'ignore' | 'pipe' = 'ignore',
): Promise<Ended> {
  const entry = (name: string): string =>
    JSON.stringify(new URL(`../src/${name}.ts`, import.meta.url).href)
  const imports = `
    import * as core from ${entry('index')}
    import * as resilience from ${entry('resilience')}
    import * as sync from ${entry('sync')}
    import { printTaskTreeOn } from ${entry('inspect')}
    const y = { ...core, ...resilience, ...sync }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${imports}\n${source}`], {
    stdio: [stdin, 'pipe', 'pipe'],
  }) as ChildProcessByStdio<null, Readable, Readable>
  const err = text(child.stderr)
  let out = ''
  let sent = 0
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    while (sent < signals.length && out.split('ready').length - 1 > sent) {
      child.kill(signals[sent])
      sent += 1
    }
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, out, err: await err }
}
