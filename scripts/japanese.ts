/**
 * `pnpm japanese` names the English pages that have changed since their translation was brought in step with them.
 * `pnpm japanese --in-step docs/guide/jobs.md` notes, once someone has read both, that the translation is.
 */
import { parseArgs } from 'node:util'
import { noteInStep, outOfStep } from '../docs/src/in-step.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'in-step': { type: 'boolean', default: false } },
})
if (values['in-step'] !== positionals.length > 0) {
  console.error('Expected nothing, or --in-step and the English pages, such as docs/guide/jobs.md')
  process.exit(1)
}
if (values['in-step']) noteInStep(positionals)
const pages = outOfStep()
for (const page of pages) {
  console.log(`${page}: read what has changed (git log -p ${page}), change the Japanese, then
  pnpm japanese --in-step ${page}`)
}
console.log(`${pages.length} pages are not in step`)
if (pages.length > 0) process.exitCode = 1
