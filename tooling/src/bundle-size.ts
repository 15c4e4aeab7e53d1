import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * How many bytes `source` adds to a program: all that it imports but Node's own modules, bundled, minified
 * and gzipped.
 *
 * @param folder where its imports are resolved
 */
export async function bundleSize(source: string, folder: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
  })
  const [bundle] = outputFiles
  if (bundle === undefined) throw new Error('Nothing was bundled')
  return gzipSync(bundle.contents, { level: 9 }).length
}
