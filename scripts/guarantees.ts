/**
 * Checks that every guarantee of a `GUARANTEES.md` names a test that exists and passed in the last run
 * of `pnpm test`, that they are numbered without a gap, and that none is stated twice. Sums up that run.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { root } from './packages.ts'

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

const STATEMENT = /^\d+\. (.*) — (?:\[)?`([^`]+)`(?:\]\([^)]*\))? › "(.+)"$/

const problems: string[] = []
let passed = 0
let failed = 0
/** What this machine has no program for. A guarantee must not rest on one. */
let skipped = 0
let guarantees = 0
/** By the package's folder. */
const reports = new Map<string, Map<string, Map<string, string>>>()

const manifests = globSync('{packages/*,apps/*,docs}/package.json', { cwd: root })
for (const folder of manifests.map((manifest) => dirname(manifest)).sort()) {
  const reportPath = join(root, folder, '.vitest/results.json')
  if (!existsSync(reportPath)) {
    problems.push(`${folder}: no test report; run \`pnpm test\` first`)
    continue
  }
  const statuses = statusesOf(JSON.parse(readFileSync(reportPath, 'utf8')) as Report)
  reports.set(folder, statuses)
  for (const [, tests] of statuses) {
    for (const status of tests.values()) {
      if (status === 'passed') passed += 1
      else if (status === 'skipped' || status === 'pending') skipped += 1
      else failed += 1
    }
  }
  for (const page of globSync('{GUARANTEES.md,src/**/GUARANTEES.md}', {
    cwd: join(root, folder),
  })) {
    guarantees += check(join(root, folder, page), join(root, folder), statuses)
  }
  if (folder.startsWith('packages/') && !existsSync(join(root, folder, 'GUARANTEES.md'))) {
    problems.push(`${folder}: no GUARANTEES.md`)
  }
}

// A frame that was just laid has no page of security.
if (existsSync(join(root, 'docs/security.md'))) guarantees += checkSecurity('docs/security.md')

for (const problem of problems) console.error(problem)
console.log(`${guarantees} guarantees, ${problems.length} problems`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
if (problems.length > 0 || failed > 0) process.exitCode = 1

/** File (relative to its package) → full test name → status. */
function statusesOf(report: Report): Map<string, Map<string, string>> {
  const files = new Map<string, Map<string, string>>()
  for (const { name, assertionResults } of report.testResults) {
    const file = name.slice(name.lastIndexOf('/src/') + 1)
    files.set(file, new Map(assertionResults.map(({ fullName, status }) => [fullName, status])))
  }
  return files
}

/** Checks a page whose statements are those of several packages, and returns how many there are. */
function checkSecurity(page: string): number {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  const found = lines.filter((line) => /^\d+\. /.test(line)).map((line) => STATEMENT.exec(line))
  for (const match of found) {
    const [, , file = '', test = ''] = match ?? []
    const folder = file.split('/').slice(0, 2).join('/')
    const status = reports.get(folder)?.get(relative(folder, file))?.get(test)
    if (status !== 'passed') {
      problems.push(`${page}: ${file} › "${test}" ${status ?? 'does not exist'}`)
    }
  }
  if (found.length === 0) problems.push(`${page}: names no test`)
  return found.length
}

/** Checks one page and returns how many guarantees it states. */
function check(path: string, folder: string, statuses: Map<string, Map<string, string>>): number {
  const where = relative(root, path)
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^\d+\. /.test(line))
  const stated = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const sentence = line.slice(line.indexOf(' ') + 1)
    if (!line.startsWith(`${index + 1}. `) || stated.has(sentence)) {
      problems.push(
        `${where}: expected guarantee ${index + 1}, and none twice, got ${line.slice(0, 60)}`,
      )
    }
    stated.add(sentence)
    const match = STATEMENT.exec(line)
    if (match === null) {
      problems.push(`${where}: cannot read the guarantee ${JSON.stringify(line.slice(0, 60))}`)
      continue
    }
    const [, , file = '', test = ''] = match
    const inPackage = relative(folder, resolve(folder, file))
    const status = statuses.get(inPackage)?.get(test)
    if (status !== 'passed') {
      problems.push(`${where}: ${file} › "${test}" ${status ?? 'does not exist'}`)
    }
  }
  if (lines.length === 0) problems.push(`${where}: states none`)
  return lines.length
}
