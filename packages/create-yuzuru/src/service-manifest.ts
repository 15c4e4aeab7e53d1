import { readFileSync } from 'node:fs'
import type { Framework, ServicePackage } from './choices.ts'

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>
}

const ALWAYS = [
  '@t3-oss/env-core',
  '@yuzuru/concurrency',
  '@yuzuru/db',
  '@yuzuru/server',
  'kysely',
  'pg',
  'pino',
  'zod',
]

const OF_FRAMEWORK: Readonly<Record<Framework, readonly string[]>> = {
  hono: ['@hono/node-server', 'hono'],
  fastify: ['fastify'],
  express: ['express'],
}

const OF_PACKAGE: Readonly<Record<ServicePackage, readonly string[]>> = {
  jobs: ['@yuzuru/jobs'],
  mail: ['@yuzuru/mail', 'nodemailer'],
  storage: ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner', '@yuzuru/storage'],
}

/** For its tests and its types alone. */
const DEVELOPMENT = ['@types/node', '@types/pg', '@yuzuru/sandbox', 'typescript']

/**
 * The package.json of a service. The versions are those that this package was released and tested with: they stand
 * in its own package.json, where the release puts them.
 */
export function serviceManifest(
  name: string,
  framework: Framework,
  packages: readonly ServicePackage[],
): string {
  const own = new URL('../package.json', import.meta.url)
  const { devDependencies: versions } = JSON.parse(readFileSync(own, 'utf8')) as Manifest
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.toSorted().map((name) => [name, rangeOf(name, versions)]))
  const types = [
    ...(framework === 'express' ? ['@types/express'] : []),
    ...(packages.includes('mail') ? ['@types/nodemailer'] : []),
  ]
  const used = packages.flatMap((each) => OF_PACKAGE[each])
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: {
      dev: devScript(packages),
      test: 'node --test "src/**/*.test.ts"',
      start: 'node --env-file-if-exists=.env src/main.ts',
      typecheck: 'tsc',
    },
    dependencies: pick([...ALWAYS, ...OF_FRAMEWORK[framework], ...used]),
    devDependencies: pick([...DEVELOPMENT, ...types]),
    engines: { node: '>=24' },
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** The service on a sandbox that has what it needs, and stays when the service begins anew. */
function devScript(packages: readonly ServicePackage[]): string {
  const [mail, storage] = [packages.includes('mail'), packages.includes('storage')]
  const services = ['postgres', ...(mail ? ['smtp'] : []), ...(storage ? ['s3'] : [])]
  return [
    ...(mail ? ['MAIL_FROM=no-reply@example.com'] : []),
    `yuzuru-sandbox --dir .sandbox --services ${services.join(',')}`,
    ...(storage ? ['--buckets plans'] : []),
    '-- node --watch-path=src --watch-preserve-output src/main.ts',
  ].join(' ')
}

/** A version that stands alone is taken with its later patches and features. */
function rangeOf(name: string, versions: Readonly<Record<string, string>>): string {
  const version = versions[name]
  if (version === undefined) throw new Error(`Expected a version of ${name} in package.json`)
  return /^\d/.test(version) ? `^${version}` : version
}
