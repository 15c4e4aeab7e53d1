import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { temporaryFolder } from './temporary-folder.ts'

/** Some packages have parts in CommonJS. */
const banner = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`

/**
 * A program as a user would run it: as JavaScript, for to strip types takes memory too.
 *
 * @returns its URL, for as long as the resources last
 */
export async function bundled(file: string, resources: AsyncDisposableStack): Promise<string> {
  const outfile = join(await temporaryFolder(resources), `${basename(file, '.ts')}.mjs`)
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
  })
  return pathToFileURL(outfile).href
}
