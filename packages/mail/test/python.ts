import { execFile } from 'node:child_process'

/**
 * What a program of Python writes, a line for each message; `undefined` where there is no Python.
 *
 * @param program reads base64 of messages from its input, a line each
 */
export async function fromPython(
  program: string,
  raws: readonly Buffer[],
): Promise<readonly string[] | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
  const options = { maxBuffer: 1 << 30, env: { ...process.env, PYTHONIOENCODING: 'utf-8' } }
  const python = execFile('python3', ['-c', program], options, (error, stdout) => {
    if (error === null) resolve(stdout)
    else if ((error as NodeJS.ErrnoException).code === 'ENOENT') resolve(undefined)
    else reject(error)
  })
  python.stdin?.on('error', () => undefined)
  python.stdin?.end(raws.map((raw) => `${raw.toString('base64')}\n`).join(''))
  const lines = await promise
  return lines?.trimEnd().split('\n')
}
