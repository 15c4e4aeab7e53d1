import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Manifest } from './packages.ts'

const run = promisify(execFile)

/**
 * Does with a service that `create-yuzuru` has made what its README says: installs, from the tarballs, checks the
 * types, runs the tests, and starts it on the sandbox, where it stores a plan.
 */
export async function useService(
  folder: string,
  tarballs: ReadonlyMap<string, string>,
  node: string,
): Promise<void> {
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest
  const files = [...tarballs].map(([name, tarball]) => [name, `file:${tarball}`] as const)
  const fromTarballs = (ranges: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    ...ranges,
    ...Object.fromEntries(files.filter(([name]) => name in ranges)),
  })
  const dependencies = fromTarballs(manifest.dependencies)
  const devDependencies = fromTarballs(manifest.devDependencies)
  const overrides = Object.fromEntries(
    files.filter(([name]) => !(name in dependencies) && !(name in devDependencies)),
  )
  await writeFile(path, JSON.stringify({ ...manifest, dependencies, devDependencies, overrides }))
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env['PATH']}` }
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, env })
  await run('npm', ['run', 'typecheck'], { cwd: folder, env })
  await run('npm', ['test'], { cwd: folder, env })
  await useOnSandbox(folder, node)
}

async function useOnSandbox(folder: string, node: string): Promise<void> {
  const service = spawn(node, ['src/dev.ts'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(service, 'exit')
  try {
    const url = await addressIn(service.stdout)
    const body = JSON.stringify({ title: 'Walks', email: 'hanako@example.jp' })
    const headers = { 'content-type': 'application/json' }
    const made = await fetch(`${url}/plans`, { method: 'POST', headers, body })
    const ready = await fetch(`${url}/readyz`)
    if (made.status !== 201 || ready.status !== 200) {
      throw new Error(`A new service answers ${made.status}, ${ready.status} ${await ready.text()}`)
    }
  } finally {
    service.kill('SIGTERM')
    await ended
  }
}

/** Where it listens: pino writes one object a line. */
async function addressIn(lines: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(lines)) {
    const [, url] = /listening at (http:[^"]+)/.exec(line) ?? []
    if (url === undefined) continue
    lines.resume()
    return url
  }
  throw new Error('A new service ended before it listened')
}
