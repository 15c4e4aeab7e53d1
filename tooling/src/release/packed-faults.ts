import type { PackedManifest, PackedPackage } from './packed-package.ts'

const REPOSITORY = 'git+https://github.com/yuzuru/yuzuru.git'
const OWN = /^(?:@yuzuru\/|create-yuzuru$)/

/** What npm runs by itself on the machine of a user. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare']

/** What is for the workspace alone. */
const UNWANTED = /(?:^|\/)(?:node_modules|\.env|\.vitest|\.turbo)(?:$|\/)|\.(?:tgz|tsbuildinfo)$/

/** A test; those of a template are for its users. */
const isOwnTest = (path: string): boolean =>
  /\.test(?:-d)?\.tsx?$/.test(path) && !path.startsWith('template/')

/**
 * What would make a packed package a bad release, one sentence each. Empty when there is nothing.
 *
 * @param published the names of all packages that are published
 * @param root the folder of the workspace, which no file may name
 */
export function packedFaults(
  { directory, manifest, files }: PackedPackage,
  published: ReadonlySet<string>,
  root: string,
): string[] {
  const found: string[] = []
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) found.push(fault)
  }
  const { version = 'nothing', repository, publishConfig } = manifest
  const isRelease = /^\d+\.\d+\.\d+$/.test(version) && version !== '0.0.0'
  expect(isRelease, `its version is ${version}`)
  expect(manifest.private !== true, 'it is private')
  expect(manifest.license === 'MIT', `its licence is ${manifest.license ?? 'not said'}`)
  expect(manifest.type === 'module', 'it is no ES module')
  expect(manifest.engines?.['node'] === '>=24', 'it does not ask for Node >= 24')
  // npm compares both with what the provenance says of the build.
  expect(repository?.url === REPOSITORY, `its repository is ${repository?.url ?? 'not said'}`)
  const where = repository?.directory ?? 'not said'
  expect(where === directory, `its repository's directory is ${where}, not ${directory}`)
  expect(publishConfig?.provenance === true, 'it is published without its provenance')
  expect(publishConfig?.access === 'public', 'it is not published for everyone')
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) {
    expect((files.get(file) ?? '') !== '', `it has no ${file}`)
  }
  const changes = files.get('CHANGELOG.md') ?? ''
  expect(
    changes.split('\n').includes(`## ${version}`),
    `its CHANGELOG.md says nothing of ${version}`,
  )
  for (const name of INSTALL_SCRIPTS) {
    expect(manifest.scripts?.[name] === undefined, `it runs a script at install (${name})`)
  }
  return [
    ...found,
    ...targetFaults(manifest, files),
    ...dependencyFaults(manifest, published),
    ...fileFaults(files, root),
  ]
}

/** What it exports is in the tarball, and is what Node and TypeScript read of a package. */
function targetFaults(manifest: PackedManifest, files: ReadonlyMap<string, string>): string[] {
  const { exports = {}, bin = {} } = manifest
  const faults: string[] = []
  if (Object.keys(exports).length === 0) faults.push('it exports nothing')
  for (const [entry, target] of Object.entries({ ...exports, ...bin })) {
    const paths = typeof target === 'object' && target !== null ? Object.values(target) : [target]
    for (const path of paths.map(String)) {
      const isReadable = /\.(?:js|json|d\.ts)$/.test(path)
      if (!isReadable) faults.push(`"${entry}" is ${path}, which Node does not run in a package`)
      if (!files.has(path.replace(/^\.\//, '')))
        faults.push(`"${entry}" is ${path}, which is not packed`)
    }
  }
  return faults
}

function dependencyFaults(manifest: PackedManifest, published: ReadonlySet<string>): string[] {
  const all = { ...manifest.dependencies, ...manifest.peerDependencies }
  return Object.entries(all).flatMap(([name, range]) => {
    if (/^(?:workspace|catalog|file|link):/.test(range))
      return [`it depends on ${name} by ${range}`]
    const isThere = !OWN.test(name) || published.has(name)
    return isThere ? [] : [`it depends on ${name}, which is not published`]
  })
}

function fileFaults(files: ReadonlyMap<string, string>, root: string): string[] {
  const faults: string[] = []
  for (const [path, text] of files) {
    if (UNWANTED.test(path) || isOwnTest(path)) faults.push(`it packs ${path}`)
    if (text.includes(`${root}/`)) faults.push(`${path} names the folder that it was built in`)
  }
  return faults
}
