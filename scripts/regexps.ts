/**
 * Checks that no regular expression takes more time than the length of its text explains: one that looks
 * back over it again and again can be made to take hours by whoever chooses the text. recheck decides by
 * automata where it can, and else looks for an attack. Tests are left out: they choose their own texts.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import { check, type Parameters } from 'recheck'
import { root } from './packages.ts'

const SOURCES = [
  'packages/*/src/**/*.{ts,tsx}',
  'apps/*/src/**/*.{ts,tsx}',
  '{docs,bench}/src/**/*.ts',
  'scripts/*.ts',
  'tooling/**/*.ts',
]

/** Those that may be slow, by file, and why. */
const EXEMPT: Readonly<Record<string, string>> = {
  'bench/src/page/earlier.ts': 'reads our own pages',
  'bench/src/saved/plot.ts': 'folds our own titles',
  'docs/src/page-program.ts': 'reads our own pages',
  'docs/src/page-shape.ts': 'reads our own pages',
  'scripts/bundlers-check.ts': 'reads our own pages',
  'scripts/guarantees.ts': 'reads our own pages',
}

/**
 * An attack is what takes too many steps, which are the same on every machine: what takes too long is an attack on a busy
 * one and none on the next. One expression may be thought about for five minutes.
 */
const BY_STEPS: Parameters = {
  timeout: 300_000,
  seedingTimeout: null,
  incubationTimeout: null,
  attackTimeout: null,
  randomSeed: 0,
}

interface Found {
  readonly pattern: string
  readonly flags: string
  readonly places: string[]
}

const found = new Map<string, Found>()
let dynamic = 0
for (const file of globSync(SOURCES, { cwd: root }).sort()) {
  if (/\.test\.tsx?$|\.d\.ts$|node_modules|[/\\]dist[/\\]/.test(file)) continue
  collect(file, readFileSync(join(root, file), 'utf8'))
}

const problems: string[] = []
for (const { pattern, flags, places } of found.values()) {
  const open = places.filter(
    (place) => EXEMPT[place.slice(0, place.lastIndexOf(':'))] === undefined,
  )
  if (open.length === 0) continue
  const result = await check(pattern, flags, BY_STEPS)
  if (result.status === 'safe') continue
  const why = result.status === 'vulnerable' ? result.complexity.summary : 'not decided'
  problems.push(`${open.join(', ')}: ${why}: /${pattern}/${flags}`)
}
for (const problem of problems) console.error(problem)
console.log(
  `${found.size} regular expressions, ${problems.length} that may be slow; ${dynamic} made at run time are not looked at`,
)
// recheck keeps its own process.
process.exit(problems.length > 0 ? 1 : 0)

function collect(file: string, source: string): void {
  const { program } = parseSync(file, source)
  new Visitor({
    Literal(node) {
      if (!('regex' in node)) return
      const { pattern, flags } = node.regex
      const key = `/${pattern}/${flags}`
      const known = found.get(key) ?? { pattern, flags, places: [] }
      known.places.push(`${file}:${source.slice(0, node.start).split('\n').length}`)
      found.set(key, known)
    },
    NewExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'RegExp') dynamic += 1
    },
  }).visit(program)
}
