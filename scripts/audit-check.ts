/**
 * Checks that `licence-check` fails when a package has a known vulnerability that is high, and not when it has
 * none or the registry does not say: against a registry of its own, which knows one of pg.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { root } from './packages.ts'

/** What the bulk endpoint of a registry answers, by a package's name. */
const advisory = (severity: string): object => ({
  pg: [
    {
      id: 1,
      url: 'https://registry.example/advisories/1',
      title: 'planted',
      severity,
      vulnerable_versions: '>=0.0.0',
      cwe: [],
      cvss: { score: 9, vectorString: null },
    },
  ],
})

interface Case {
  readonly name: string
  /** `undefined`: the registry does not have the endpoint. */
  readonly answer: object | undefined
  readonly exitCode: number
}

const CASES: readonly Case[] = [
  { name: 'a vulnerability that is high', answer: advisory('high'), exitCode: 1 },
  { name: 'one that is critical', answer: advisory('critical'), exitCode: 1 },
  { name: 'one that is moderate', answer: advisory('moderate'), exitCode: 0 },
  { name: 'no vulnerability', answer: {}, exitCode: 0 },
  { name: 'no answer', answer: undefined, exitCode: 0 },
]

let current: Case | undefined
let asked = 0
const registry = createServer((request, response) => {
  request.resume()
  asked += 1
  response.writeHead(current?.answer === undefined ? 405 : 200, {
    'content-type': 'application/json',
  })
  response.end(JSON.stringify(current?.answer ?? {}))
})
registry.listen(0, '127.0.0.1')
await once(registry, 'listening')
const { port } = registry.address() as AddressInfo

for (const each of CASES) {
  current = each
  const before = asked
  const env = { ...process.env, AUDIT_REGISTRY: `http://127.0.0.1:${port}/` }
  const check = join(root, 'scripts/licence-check.ts')
  const child = spawn(process.execPath, [check], { env, stdio: 'ignore' })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  const holds = exitCode === each.exitCode && asked > before
  console.log(`${holds ? 'as expected' : 'NOT as expected'}: ${each.name}, exit code ${exitCode}`)
  if (!holds) process.exitCode = 1
}
registry.close()
