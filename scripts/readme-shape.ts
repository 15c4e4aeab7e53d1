import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.ts'

/** A README is what npm shows of a package, and is read in two minutes. The rest is in the manual. */
const MOST_WORDS = 1_000

/** In this order: what each of them is for says `docs/decisions/0161-a-readme-is-short.md`. */
const SECTIONS = ['Install', 'Example', 'What there is', 'More']

/** What is wrong with the README of a package that is imported: `jobs`. */
export function problemsOfReadme(folder: string, shortName: string): string[] {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const found = wordsIn(readme) > MOST_WORDS ? [`its README has ${wordsIn(readme)} words`] : []
  // It makes programs, and none imports it.
  if (shortName === 'create-yuzuru') return found
  const sections = Array.from(readme.matchAll(/^## (.*)$/gm), ([, title]) => title)
  if (sections.join() !== SECTIONS.join()) {
    found.push(`its README has not the sections ${SECTIONS.join(', ')}`)
  }
  for (const word of ['Node 24', '`"type": "module"`']) {
    if (!readme.includes(word)) found.push(`its README does not say ${word}`)
  }
  const example = readme.split(/^## /m).find((section) => section.startsWith('Example\n')) ?? ''
  const fences = example.split('\n').filter((line) => line.startsWith('```'))
  if (
    fences.join(' ') !== '```ts ``` ```text ```' ||
    !example.includes('`node example.ts` prints:')
  ) {
    found.push('its README does not show what its example prints')
  }
  if (readme.match(/^\|[ -]*-{3}/gm)?.length !== 1) found.push('its README has not one table')
  const manual = `docs/manual/${shortName}/README.md`
  if (!readme.includes(`/${manual}`)) found.push(`its README does not link ${manual}`)
  if (!existsSync(join(root, manual))) found.push(`there is no ${manual}`)
  const lost = notInstalled(readme)
  if (lost.length > 0) found.push(`its README does not install ${lost.join(', ')} for its example`)
  return found
}

const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length

/** What the example of a README imports and its install lines leave out. */
function notInstalled(readme: string): string[] {
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const installed = Array.from(readme.matchAll(/^npm install (.*)$/gm), ([, names = '']) => names)
  const imported = Array.from(
    example.matchAll(/ from '((?:@[^/']+\/)?[^@./'][^/']*)/g),
    ([, name = '']) => name,
  )
  const missing = imported.filter((name) => {
    return !name.startsWith('node:') && !installed.join(' ').split(' ').includes(name)
  })
  return [...new Set(missing)]
}
