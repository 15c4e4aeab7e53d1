/**
 * What tools put into functions as they transform them, and a worker has too: esbuild's and tsx's
 * `keepNames`, and vitest's `import()`.
 */
export const TOOL_HELPERS: Readonly<Record<string, (value: never) => unknown>> = {
  __name: (value: unknown) => value,
  __vite_ssr_dynamic_import__: (specifier: string) => import(specifier),
}

/**
 * Throws unless each of the names that a function uses is global here or a tool's helper.
 *
 * @throws {TypeError} that names the others, and says what to do
 */
export function expectKnownNames(names: readonly string[]): void {
  const unknown = names.filter(
    (name) => !(name in globalThis) && !Object.hasOwn(TOOL_HELPERS, name),
  )
  if (unknown.length === 0) return
  const all = unknown.map((name) => `"${name}"`).join(', ')
  throw new TypeError(
    `Expected a function that uses only its arguments and globals, got one that uses ${all}: ` +
      'pass it as an argument, import it within the function, or export the function from a module',
  )
}
