import { defineConfig } from 'tsup'

/** For {@link build}. */
export interface BuildOptions {
  /** What is taken into the build although it is a dependency. */
  readonly bundled?: readonly string[]
}

/** The build of a package: one file of JavaScript an entry; the types come from `tsc`. */
export function build(
  entries: readonly string[],
  { bundled = [] }: BuildOptions = {},
): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: [...entries],
    format: 'esm',
    target: 'node24',
    clean: true,
    dts: false,
    sourcemap: true,
    noExternal: [...bundled],
  })
}
