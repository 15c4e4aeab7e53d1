/**
 * Checks that everything that is installed, for the packages and for making them, has a licence that lets it
 * be used in any program; and asks the registry for known vulnerabilities, where it answers.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { highVulnerabilities } from './audit.ts'
import { root } from './packages.ts'

const PERMISSIVE: ReadonlySet<string> = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Python-2.0',
  'Unlicense',
  'CC0-1.0',
])

/** Others, by how a package's name begins, and why they may be here. */
const EXEMPT: Readonly<Record<string, string>> = {
  '@fontsource-variable/noto-sans-jp':
    'OFL-1.1, the font of the demo and of the site: unchanged, in no package of ours',
  'axe-core@': 'MPL-2.0, checks pages in the tests of jobs: unchanged, in no package of ours',
  'caniuse-lite@':
    'CC-BY-4.0, data of browsers for mjml in the tests of mail: unchanged, in no package of ours',
  'ical.js@': 'MPL-2.0, reads invites in the tests of mail: unchanged, in no package of ours',
  lightningcss: 'MPL-2.0, of vite: unchanged, for the tests only, in no package of ours',
  'slick@': 'MIT, named by its address: for mjml in the tests of mail, in no package of ours',
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: unknown
  readonly licenses?: unknown
}

const found = new Map<string, string>()
for (const path of globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', {
  cwd: root,
})) {
  const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
  const { name, version } = manifest
  if (name === undefined || name.startsWith('@yuzuru/') || !path.includes(`/${name}/`)) continue
  found.set(`${name}@${version ?? '?'}`, licenceOf(manifest, dirname(join(root, path))))
}

const problems = [...found].filter(([key, licence]) => {
  return !isPermissive(licence) && !Object.keys(EXEMPT).some((start) => key.startsWith(start))
})
for (const [key, licence] of problems) console.error(`${key}: ${licence}`)
console.log(`${found.size} packages are installed, ${problems.length} of them with another licence`)
if (found.size === 0 || problems.length > 0) process.exitCode = 1

// A registry that does not answer fails nobody's change.
const high = highVulnerabilities(process.env['AUDIT_REGISTRY'])
if (high === undefined) console.log('the registry says nothing of vulnerabilities')
else console.log(`${high} vulnerabilities that are high or critical`)
if ((high ?? 0) > 0) process.exitCode = 1

/** An SPDX expression: any of `OR`, all of `AND`. */
function isPermissive(licence: string): boolean {
  const options = licence.replaceAll(/[()]/g, '').split(/ OR /i)
  return options.some((option) =>
    option.split(/ AND /i).every((each) => PERMISSIVE.has(each.trim())),
  )
}

function licenceOf({ license, licenses }: Manifest, folder: string): string {
  if (typeof license === 'string' && license !== '') return license
  const listed = [license, ...(Array.isArray(licenses) ? (licenses as unknown[]) : [])]
  const types = listed.flatMap((each) => {
    return typeof each === 'object' && each !== null && 'type' in each ? [String(each.type)] : []
  })
  return types.length > 0 ? types.join(' OR ') : (fromText(folder) ?? 'no licence')
}

/** A package that names none may hold the text of one. */
function fromText(folder: string): string | undefined {
  const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: folder })
  if (file === undefined) return undefined
  const text = readFileSync(join(folder, file), 'utf8')
  if (text.includes('Permission is hereby granted, free of charge')) return 'MIT'
  return text.includes('Apache License') ? 'Apache-2.0' : undefined
}
