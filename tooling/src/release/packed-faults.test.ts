import { expect, test } from 'vitest'
import { packedFaults } from './packed-faults.ts'
import type { PackedManifest, PackedPackage } from './packed-package.ts'

const manifest: PackedManifest = {
  name: '@yuzuru/kettle',
  version: '0.3.1',
  license: 'MIT',
  type: 'module',
  repository: {
    url: 'git+https://github.com/yuzuru/yuzuru.git',
    directory: 'packages/kettle',
  },
  engines: { node: '>=24' },
  bin: { kettle: './dist/cli.js' },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  scripts: { build: 'tsup' },
  dependencies: { '@yuzuru/concurrency': '^0.2.0', undici: '8.12.0' },
  publishConfig: { access: 'public', provenance: true },
}

const files: Readonly<Record<string, string>> = {
  LICENSE: 'MIT License',
  'README.md': '# @yuzuru/kettle',
  'CHANGELOG.md': '# @yuzuru/kettle\n\n## 0.3.1\n\nBoils.\n\n## 0.3.0\n',
  'package.json': '{}',
  'dist/index.js': 'export {}',
  'dist/index.d.ts': 'export {}',
  'dist/cli.js': '',
}

const published = new Set(['@yuzuru/concurrency', '@yuzuru/kettle'])

const faultsOf = (
  changed: { readonly [Key in keyof PackedManifest]?: PackedManifest[Key] | undefined },
  changedFiles: Readonly<Record<string, string | undefined>> = {},
): string[] => {
  const all = Object.entries({ ...files, ...changedFiles })
  const packed: PackedPackage = {
    directory: 'packages/kettle',
    manifest: { ...manifest, ...changed } as PackedManifest,
    files: new Map(all.filter((file): file is [string, string] => file[1] !== undefined)),
    bytes: 1,
  }
  return packedFaults(packed, published, '/home/somebody/yuzuru')
}

test('a package with everything has no fault', () => {
  expect(faultsOf({})).toEqual([])
})

test.each<[string, Parameters<typeof faultsOf>[0]]>([
  ['its version is 0.0.0', { version: '0.0.0' }],
  ['its version is 0.3.1-next.0', { version: '0.3.1-next.0' }],
  ['its version is nothing', { version: undefined }],
  ['its CHANGELOG.md says nothing of 0.4.0', { version: '0.4.0' }],
  ['it is private', { private: true }],
  ['its licence is GPL-3.0', { license: 'GPL-3.0' }],
  ['its licence is not said', { license: undefined }],
  ['it is no ES module', { type: 'commonjs' }],
  ['it does not ask for Node >= 24', { engines: { node: '>=20' } }],
  ['its repository is not said', { repository: { directory: 'packages/kettle' } }],
  [
    "its repository's directory is packages/pot, not packages/kettle",
    { repository: { ...manifest.repository, directory: 'packages/pot' } },
  ],
  ['it is published without its provenance', { publishConfig: { access: 'public' } }],
  ['it is not published for everyone', { publishConfig: { provenance: true } }],
  ['it runs a script at install (postinstall)', { scripts: { postinstall: 'node .' } }],
  ['it exports nothing', { exports: {} }],
  [
    '"./testing" is ./dist/testing.js, which is not packed',
    { exports: { './testing': './dist/testing.js' } },
  ],
  ['"kettle" is ./dist/main.js, which is not packed', { bin: { kettle: './dist/main.js' } }],
  ['it depends on undici by catalog:', { dependencies: { undici: 'catalog:' } }],
  [
    'it depends on @yuzuru/db by workspace:^',
    { peerDependencies: { '@yuzuru/db': 'workspace:^' } },
  ],
  [
    'it depends on @yuzuru/tooling, which is not published',
    { dependencies: { '@yuzuru/tooling': '^0.0.0' } },
  ],
])('the fault of a manifest is named: %s', (fault, changed) => {
  expect(faultsOf(changed)).toContain(fault)
})

test('the tests of a template are for its users', () => {
  expect(faultsOf({}, { 'template/src/service.test.ts': '' })).toEqual([])
})

test('an entry that is a source is named', () => {
  const sources = { 'src/index.ts': 'export {}' }
  expect(faultsOf({ exports: { '.': './src/index.ts' } }, sources)).toEqual([
    '"." is ./src/index.ts, which Node does not run in a package',
  ])
})

test.each([
  ['it has no LICENSE', { LICENSE: undefined }],
  ['it has no LICENSE', { LICENSE: '' }],
  ['it has no README.md', { 'README.md': undefined }],
  ['"." is ./dist/index.d.ts, which is not packed', { 'dist/index.d.ts': undefined }],
  ['it packs src/index.test.ts', { 'src/index.test.ts': '' }],
  ['it packs .env', { '.env': 'KEY=secret' }],
  [
    'dist/index.js.map names the folder that it was built in',
    { 'dist/index.js.map': '{"sources":["/home/somebody/yuzuru/packages/kettle/src/index.ts"]}' },
  ],
])('the fault of a file is named: %s', (fault, changed) => {
  expect(faultsOf({}, changed)).toEqual([fault])
})
