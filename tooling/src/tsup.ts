import { defineConfig } from 'tsup'

/** The build of a package: one file of JavaScript an entry; the types come from `tsc`. */
export function build(entries: readonly string[]): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: [...entries],
    format: 'esm',
    target: 'node24',
    clean: true,
    dts: false,
    sourcemap: true,
  })
}
