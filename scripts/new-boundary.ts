/** `pnpm new-boundary NAME` lays the frame of a package: see "A new boundary" in CONTRIBUTING.md. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { layBoundary } from '../tooling/src/new-boundary.ts'
import { root } from './packages.ts'

const [name = ''] = process.argv.slice(2)
const files = layBoundary(root, name)
// Names of other lengths break lines elsewhere.
execFileSync(join(root, 'node_modules/.bin/oxfmt'), files, { cwd: root, stdio: 'ignore' })
console.log(`${files.join('\n')}

Next:
  pnpm install
  pnpm --filter @yuzuru/${name} test
  replace send() by what it is for; keep the guarantees and their tests true
  a row for it in the tables of README.md, README.ja.md and docs/manual/README.md
  "@yuzuru/${name}" among the dependencies of docs/package.json, which runs the example of its README`)
